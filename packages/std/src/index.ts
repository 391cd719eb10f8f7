export { type Backoff, backoffDelay } from './backoff.ts';
export { type Clock, rfc3339, systemClock } from './clock.ts';
export { hasCode, LabError, type LabErrorCode, messageOf } from './errors.ts';
export { httpStatus } from './http-status.ts';
export { type LogFields, type Logger, type LogLine, logger, silent } from './log.ts';
export { lull } from './lull.ts';
export { sameJson } from './same-json.ts';
export { type Scope, scope } from './scope.ts';
export { type QueueObserver, WorkQueue } from './work-queue.ts';
