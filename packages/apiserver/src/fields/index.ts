export { applyPatchInTurns } from './apply-patch.ts';
export { strategicMerge } from './strategic-merge.ts';
export { trackUpdate } from './track-update.ts';
