export { type ApplyPatch, applyPatch, checkApplyBody } from './apply-patch.ts';
export { strategicMerge } from './strategic-merge.ts';
export { type TrackedUpdate, trackUpdate } from './track-update.ts';
