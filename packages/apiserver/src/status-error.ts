import { httpStatus, LabError, type LabErrorCode } from '@crownlabs/std';
import type { FieldError } from './field-error.ts';
import type { Json, JsonObject } from './json.ts';

/** One cause in a Status' details. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** `details` of a Status. `kind` is the plural, but for Invalid, where it is the kind. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** A failure with the details of its Status. Whatever part of the API fails may throw one; a plain LabError has no details. */
export class StatusError extends LabError {
  readonly details: StatusDetails | undefined;
  /** Where the HTTP status is not that of the reason (ServerTimeout, webhooks with a code of their own). */
  readonly status: number | undefined;
  /** Where the reason is not the code; `''` leaves it out. */
  readonly reason: string | undefined;
  /** `metadata.continue` of the Status: where an expired list may go on. */
  readonly resume: string | undefined;

  constructor(code: LabErrorCode, message: string, options: StatusOptions = {}) {
    super(code, message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StatusError';
    this.details = options.details;
    this.status = options.status;
    this.reason = options.reason;
    this.resume = options.resume;
  }
}

/** What a StatusError may carry beside its code and message. */
export interface StatusOptions {
  readonly details?: StatusDetails;
  readonly status?: number;
  readonly reason?: string;
  readonly resume?: string;
  readonly cause?: unknown;
}

/** The coordinates that error texts name. */
export interface ErrorSubject {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

/** `pods`, `deployments.apps`. */
export function resourceText({ group, plural }: Pick<ErrorSubject, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}

function detailsOf(subject: ErrorSubject, name: string, kind = subject.plural): StatusDetails {
  return { ...(name === '' ? {} : { name }), ...(subject.group === '' ? {} : { group: subject.group }), kind };
}

/** 404 of one object. */
export function notFound(subject: ErrorSubject, name: string): StatusError {
  return new StatusError('NotFound', `${resourceText(subject)} "${name}" not found`, { details: detailsOf(subject, name) });
}

/** 409 of a create. */
export function alreadyExists(subject: ErrorSubject, name: string): StatusError {
  return new StatusError('AlreadyExists', `${resourceText(subject)} "${name}" already exists`, { details: detailsOf(subject, name) });
}

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

/** 409 of a write that expected another state. */
export function conflict(subject: ErrorSubject, name: string, why: string = MODIFIED): StatusError {
  const message = `Operation cannot be fulfilled on ${resourceText(subject)} "${name}": ${why}`;
  return new StatusError('Conflict', message, { details: detailsOf(subject, name) });
}

/** 403 by admission or policy, with the name of what was refused. */
export function forbidden(subject: ErrorSubject, name: string, why: string): StatusError {
  const message = name === '' ? `${resourceText(subject)} is forbidden: ${why}` : `${resourceText(subject)} "${name}" is forbidden: ${why}`;
  return new StatusError('Forbidden', message, { details: detailsOf(subject, name) });
}

/** 422 with one cause for each field that is wrong. */
export function invalid(subject: Pick<ErrorSubject, 'group' | 'kind'>, name: string, errors: readonly FieldError[]): StatusError {
  const kindText = subject.group === '' ? subject.kind : `${subject.kind}.${subject.group}`;
  const texts = [...new Set(errors.map((one) => (one.field === '' ? one.message : `${one.field}: ${one.message}`)))];
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new StatusError('Invalid', `${kindText} "${name}" is invalid: ${texts.length === 0 ? '<nil>' : list}`, {
    details: {
      ...(name === '' ? {} : { name }),
      ...(subject.group === '' ? {} : { group: subject.group }),
      ...(subject.kind === '' ? {} : { kind: subject.kind }),
      causes: errors.map((one) => ({ reason: one.type, message: one.message, field: one.field })),
    },
  });
}

/** The HTTP status of an error. */
export function httpStatusOf(error: LabError): number {
  return (error instanceof StatusError ? error.status : undefined) ?? httpStatus(error.code);
}

/** Any failure as the Status that goes to the client. The text of an unknown error stays inside: it may carry paths or secrets. */
export function toStatus(error: unknown): JsonObject {
  const known = error instanceof LabError ? error : new LabError('InternalError', 'Internal error occurred: unexpected failure');
  const extra = known instanceof StatusError ? known : undefined;
  const reason = extra?.reason ?? known.code;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: extra?.resume === undefined ? {} : { continue: extra.resume },
    status: 'Failure',
    message: known.message,
    ...(reason === '' ? {} : { reason }),
    ...(extra?.details ? { details: detailsJson(extra.details) } : {}),
    code: httpStatusOf(known),
  };
}

function detailsJson(details: StatusDetails): JsonObject {
  const { causes, ...rest } = details;
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(rest)) if (value !== undefined) out[key] = value;
  if (causes && causes.length > 0) out['causes'] = causes.map((cause): Json => ({ ...cause }));
  return out;
}
