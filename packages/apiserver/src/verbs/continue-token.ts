import { LabError, messageOf } from '@crownlabs/std';
import { parseJson } from '../codec/json-parse.ts';
import { isObject, type Json } from '../json.ts';

const VERSION = 'meta.k8s.io/v1';

/** Where a paged list goes on. */
export interface ContinueToken {
  /** The revision of all pages; -1: whatever is there now, after the first pages' revision was forgotten. */
  readonly revision: number;
  /** The last key of the page before. */
  readonly after: string;
}

/** The token as clients carry it. Its keys are relative to the list's own prefix, so it cannot be used to read elsewhere. */
export function printToken({ revision, after }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start: `${after}\u0000` })).toString('base64url');
}

/** Reads a token back; 400 for anything else. */
export function readToken(text: string): ContinueToken {
  const value = parse(text);
  if (!isObject(value)) throw invalidToken('incorrect encoded version');
  const version = value['v'] ?? '';
  if (version !== VERSION)
    throw invalidToken(`server does not recognize this encoded version ${typeof version === 'string' ? version : ''}`);
  const { rv, start } = value;
  if (typeof rv !== 'number' || rv === 0 || !Number.isSafeInteger(rv))
    throw invalidToken('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof start !== 'string' || start === '') throw invalidToken('no start key');
  if (start.split('/').includes('..')) throw invalidToken(start);
  return { revision: rv, after: start.endsWith('\u0000') ? start.slice(0, -1) : start };
}

function parse(text: string): Json {
  try {
    return parseJson(Buffer.from(text, 'base64url').toString('utf8')).value;
  } catch (error) {
    throw invalidToken(messageOf(error));
  }
}

function invalidToken(why: string): LabError {
  return new LabError('BadRequest', `invalid continue token: continue key is not valid: ${why}`);
}
