export { applyPatchInTurns } from './apply-patch.ts';
export { decodeManagers } from './managers.ts';
export { asRestored } from './restore-text.ts';
export { strategicMerge } from './strategic-merge.ts';
export { trackUpdateInTurns } from './track-update.ts';
