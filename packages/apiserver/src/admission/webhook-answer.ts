import { LabError, messageOf } from '@crownlabs/std';
import { parseBody } from '../codec/body.ts';
import type { Json, JsonObject } from '../json.ts';
import { textAt } from '../json-read.ts';

/** What clients of Kubernetes make of a status that says nothing of itself. */
const TEXTS: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  409: 'the server reported a conflict',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};

/** The body of a webhook's answer; throws, in the words that other tools know, when the answer is a failure. */
export function bodyOf({ status, body }: { status: number; body: string }): string {
  if (status < 200 || status > 206) throw new LabError('InternalError', failureText(status, body.trim() || 'unknown'));
  if (body === '') {
    throw new LabError('InternalError', `0-length response with status code: ${status} and content type: application/json`);
  }
  return body;
}

function failureText(status: number, said: string): string {
  const known = TEXTS[status];
  if (known !== undefined) return known;
  if (status === 403) return said;
  if (status >= 500) return `an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding`;
  return `the server responded with the status code ${status} but did not return more information`;
}

const GROUP = 'admission.k8s.io';
const KIND = 'AdmissionReview';

/** The answer as JSON. What kind it is it may leave unsaid, but it must not say another one. */
export function readReview(text: string): JsonObject {
  const answer = parse(text, "failed to call webhook: couldn't get version/kind; json parse error: ");
  const kind = textAt(answer, 'kind');
  const apiVersion = textAt(answer, 'apiVersion');
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  const ours = (kind === '' || kind === KIND) && (apiVersion === '' || group === GROUP);
  if (!ours || !['', 'v1', 'v1beta1'].includes(version)) {
    const why = `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`;
    throw new LabError('InternalError', `failed to call webhook: ${why}`);
  }
  if (version === 'v1beta1') {
    throw new LabError('InternalError', `failed to call webhook: converting (v1beta1.${KIND}) to (v1.${KIND}): unknown conversion`);
  }
  return typeof answer === 'object' && answer !== null && !Array.isArray(answer) ? answer : {};
}

/** Reads JSON; `otherwise` begins what is said of a text that is none. */
export function parse(text: string, otherwise: string): Json {
  try {
    return parseBody(Buffer.from(text), false).value;
  } catch (error) {
    throw new LabError('InternalError', `${otherwise}${messageOf(error)}`, { cause: error });
  }
}
