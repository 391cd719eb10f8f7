import type { JsonObject } from '../../json.ts';
import { objectsAt, textAt } from '../../json-read.ts';
import type { FieldCheck } from '../field-check.ts';

const HEADER_RULE =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

/** A question over HTTP. */
export function checkHttpGet(get: JsonObject | undefined, at: string, check: FieldCheck): void {
  if (!get) return;
  check.oneOf(`${at}.scheme`, get['scheme'], ['HTTP', 'HTTPS']);
  for (const header of objectsAt(get, 'httpHeaders')) {
    const name = textAt(header, 'name');
    if (!/^[-A-Za-z0-9]+$/.test(name)) check.invalid(`${at}.httpHeaders`, name, HEADER_RULE);
  }
}
