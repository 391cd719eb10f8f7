import type { AdmissionCall } from '../call.ts';
import { textAt } from '../json-read.ts';
import { forbidden, type StatusError } from '../status-error.ts';

/** 403 of a plugin. What has no name yet goes by the beginning of the one that it will get. */
export function refused(call: Pick<AdmissionCall, 'resource' | 'name' | 'object'>, why: string): StatusError {
  const name = call.name || textAt(call.object, 'metadata', 'name') || textAt(call.object, 'metadata', 'generateName') || 'Unknown';
  return forbidden(call.resource, name, why);
}
