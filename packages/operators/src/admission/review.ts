import { httpStatus, LabError } from '@crownlabs/std';

/** Who asks, as an AdmissionReview says it. */
export interface ReviewUser {
  readonly username: string;
  readonly groups: readonly string[];
}

/** What is asked. `object` and `oldObject` have passed the schema of their kind. */
export interface AdmissionRequest<T> {
  /** Of the request, not of the object. */
  readonly uid: string;
  readonly operation: 'CREATE' | 'UPDATE';
  readonly user: ReviewUser;
  readonly name: string;
  readonly namespace: string;
  readonly object: T;
  readonly oldObject: T | undefined;
}

/** One operation of a JSON patch. */
export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

/** What a handler decides, when it does not throw. */
export interface Decision {
  readonly warnings?: readonly string[];
  readonly patch?: readonly PatchOperation[];
}

/** Decides on a request; a LabError that it throws is the refusal. */
export type Decide<T> = (request: AdmissionRequest<T>, signal: AbortSignal) => Promise<Decision>;

/** Answers the bytes of an AdmissionReview with those of another one. */
export type ReviewHandler = (review: string, signal: AbortSignal) => Promise<string>;

/** A handler over AdmissionReview v1. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request */
export function reviewHandler<T>(decide: Decide<T>): ReviewHandler {
  return async (text, signal) => {
    const { uid, request, fault } = readReview<T>(text);
    if (!request) return answer(uid, { allowed: false, status: { code: 400, message: fault } });
    try {
      const { warnings, patch } = await decide(request, signal);
      return answer(uid, { allowed: true, ...(warnings ? { warnings } : {}), ...encoded(patch) });
    } catch (error) {
      const { code, message } = LabError.from(error);
      return answer(uid, { allowed: false, status: { code: httpStatus(code), message, reason: code } });
    }
  };
}

function encoded(patch: readonly PatchOperation[] | undefined) {
  if (!patch || patch.length === 0) return {};
  return { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') };
}

function answer(uid: string, response: object): string {
  return JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, ...response } });
}

interface RawRequest<T> {
  readonly uid?: string;
  readonly operation?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly userInfo?: { readonly username?: string; readonly groups?: readonly string[] };
  readonly object?: T | null;
  readonly oldObject?: T | null;
}

function readReview<T>(text: string): { uid: string; request?: AdmissionRequest<T>; fault?: string } {
  let raw: RawRequest<T>;
  try {
    // The parse border: the API server wrote this, and it has checked the object against its schema.
    raw = (JSON.parse(text) as { request?: RawRequest<T> }).request ?? {};
  } catch {
    return { uid: '', fault: 'the review is no JSON' };
  }
  const { uid = '', operation, object } = raw;
  if ((operation === 'CREATE' || operation === 'UPDATE') && object) return { uid, request: { ...rest(raw), uid, operation, object } };
  return { uid, fault: 'the review holds no object to create or update' };
}

function rest<T>({ name = '', namespace = '', userInfo, oldObject }: RawRequest<T>) {
  const user = { username: userInfo?.username ?? '', groups: userInfo?.groups ?? [] };
  return { name, namespace, user, oldObject: oldObject ?? undefined };
}

/** Service accounts of our own rooms: what they write was decided elsewhere already. */
export const OWN_ACCOUNTS = 'system:serviceaccount:crownlabs-system:';

/** Whether a request comes from one of our own rooms. */
export function isOwnRoom({ username }: ReviewUser): boolean {
  return username.startsWith(OWN_ACCOUNTS);
}
