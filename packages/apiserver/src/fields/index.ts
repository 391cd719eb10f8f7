export { type ApplyPatch, applyPatch, checkApplyBody } from './apply-patch.ts';
export { type TrackedUpdate, trackUpdate } from './track-update.ts';
