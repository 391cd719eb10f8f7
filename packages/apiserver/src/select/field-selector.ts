import { LabError } from '@crownlabs/std';
import type { JsonObject } from '../json.ts';
import { textAt } from '../json-read.ts';
import type { ResourceInfo } from '../resource.ts';

/** One term of a field selector. */
export interface FieldTerm {
  readonly path: string;
  readonly value: string;
  readonly negated: boolean;
}

/** Parses `a=b,c!=d`; a backslash escapes a comma, an equals sign or itself. */
export function parseFieldTerms(text: string | null | undefined): FieldTerm[] {
  if (text === undefined || text === null || text === '') return [];
  return splitTerms(text)
    .filter((term) => term !== '')
    .map(parseTerm);
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === ',') {
      terms.push(text.slice(start, at));
      start = at + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function parseTerm(term: string): FieldTerm {
  for (let at = 0; at < term.length; at += 1) {
    if (term[at] === '\\') {
      at += 1;
      continue;
    }
    const operator = ['!=', '==', '='].find((one) => term.startsWith(one, at));
    if (operator !== undefined) {
      return { path: term.slice(0, at), value: unescape(term.slice(at + operator.length), term), negated: operator === '!=' };
    }
  }
  throw new LabError('BadRequest', `invalid selector: '${term}'; can't understand '${term}'`);
}

function unescape(value: string, term: string): string {
  let out = '';
  for (let at = 0; at < value.length; at += 1) {
    const character = value[at] ?? '';
    if (character === '=' || character === ',') throw new LabError('BadRequest', `invalid selector: '${term}'; can't understand '${term}'`);
    if (character === '\\') {
      at += 1;
      if (!['\\', ',', '='].includes(value[at] ?? '')) throw new LabError('BadRequest', `invalid field selector: ${badEscape(value[at])}`);
    }
    out += character === '\\' ? (value[at] ?? '') : character;
  }
  return out;
}

function badEscape(character: string | undefined): string {
  return `invalid escape sequence: \\${character ?? ''}`;
}

/** The name that a selector pins down, if it does. */
export function pinned(terms: readonly FieldTerm[], path: string): string | undefined {
  return terms.find((term) => term.path === path && !term.negated)?.value;
}

/** Decides by fields; `undefined` selects everything. Throws BadRequest for a field that the kind does not offer. */
export function fieldMatcher(info: ResourceInfo, terms: readonly FieldTerm[]): ((object: JsonObject) => boolean) | undefined {
  if (terms.length === 0) return undefined;
  const tests = terms.map(({ path, value, negated }) => {
    const read = reader(info, path);
    return (object: JsonObject) => (read(object) === value) !== negated;
  });
  return (object) => tests.every((test) => test(object));
}

function reader(info: ResourceInfo, path: string): (object: JsonObject) => string {
  if (path === 'metadata.name') return (object) => textAt(object, 'metadata', 'name');
  // Cluster-scoped kinds that list their own fields do not list this one.
  const hasPlace = info.namespaced || info.custom || Object.keys(info.fieldSelectors).length === 0;
  if (path === 'metadata.namespace' && hasPlace) return (object) => textAt(object, 'metadata', 'namespace');
  const own = Object.hasOwn(info.fieldSelectors, path) ? info.fieldSelectors[path] : undefined;
  if (own) return own;
  throw new LabError('BadRequest', info.custom ? `field label not supported: ${path}` : unsupported(info, path));
}

function unsupported(info: ResourceInfo, path: string): string {
  if (info.group === 'batch') return `field label "${path}" not supported for ${info.kind}`;
  return Object.keys(info.fieldSelectors).length > 0
    ? `field label not supported: ${path}`
    : `"${path}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
}
