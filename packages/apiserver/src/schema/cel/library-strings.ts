import type { RE2JS } from 're2js';
import { goFloat, quoted } from '../field-message.ts';
import { compilePattern } from '../pattern.ts';
import { index, int, list as listArgument, listOf, text } from './argument.ts';
import { codePoints } from './code-points.ts';
import { fn, matching, method, type Overload, traversal } from './function.ts';
import { limitText } from './result-size.ts';
import { durationText, timestampText } from './time-text.ts';
import { DYN, INT, list, STRING } from './type.ts';
import {
  CelFailure,
  type Dictionary,
  Duration,
  isDictionary,
  isList,
  kindOf,
  type List,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from './value.ts';

const same = ([size = 0]: readonly number[]) => size;
const read = { cost: ([size]: readonly number[]) => traversal(size), size: same };
const rebuild = { cost: ([size]: readonly number[]) => traversal(size, 2), size: same };

/** White space at the ends, as Unicode defines it for Go. */
const SPACES = /^[\t-\r\u0085\p{Z}]+|[\t-\r\u0085\p{Z}]+$/gu;

function bounded(position: number, length: number): number {
  if (position < 0 || position > length) throw new CelFailure(`index out of range: ${position}`);
  return position;
}

function charAt(value: string, at: number): string {
  const chars = codePoints(value);
  return chars.slice(bounded(at, chars.length), at + 1);
}

function indexOf(value: string, wanted: string, from: number): bigint {
  const chars = codePoints(value);
  if (wanted === '') return BigInt(from);
  const skipped = chars.slice(0, bounded(from, chars.length));
  const found = value.indexOf(wanted, skipped.length);
  return BigInt(found < 0 ? -1 : chars.count(value.slice(0, found)));
}

function lastIndexOf(value: string, wanted: string, from: number | undefined): bigint {
  const chars = codePoints(value);
  const start = from === undefined ? chars.length : bounded(from, chars.length);
  const found = value.lastIndexOf(wanted, chars.slice(0, start).length);
  return BigInt(found < 0 ? -1 : chars.count(value.slice(0, found)));
}

function substring(value: string, from: number, to: number | undefined): string {
  const chars = codePoints(value);
  const end = to ?? chars.length;
  bounded(from, chars.length);
  bounded(end, chars.length);
  if (from > end) throw new CelFailure(`invalid substring range. start: ${from}, end: ${end}`);
  return chars.slice(from, end);
}

function replace(value: string, from: string, to: string, limit: number): string {
  const times = from === '' ? value.length + 1 : value.split(from).length - 1;
  limitText(value.length + (limit < 0 ? times : Math.min(times, limit)) * to.length);
  if (limit < 0) return value.replaceAll(from, () => to);
  let [result, rest] = ['', value];
  for (let done = 0; done < limit; done++) {
    const at = rest.indexOf(from);
    if (at < 0) break;
    result += rest.slice(0, at) + to;
    rest = rest.slice(at + from.length);
  }
  return result + rest;
}

function split(value: string, separator: string, limit: number): string[] {
  if (limit === 0) return [];
  const parts = separator === '' ? Array.from(value) : value.split(separator);
  if (limit < 0 || parts.length <= limit) return parts;
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

const ascii = (change: (letter: string) => string, letters: RegExp) => (value: string) => value.replace(letters, change);
const lowerAscii = ascii((letter) => letter.toLowerCase(), /[A-Z]/g);
const upperAscii = ascii((letter) => letter.toUpperCase(), /[a-z]/g);

function joined(values: readonly Value[], separator: string): string {
  const texts = values.map((value) => text(value));
  limitText(texts.reduce((sum, one) => sum + one.length + separator.length, 0));
  return texts.join(separator);
}

const POSITIONS: readonly Overload[] = [
  method('charAt', [STRING, INT], STRING, { run: ([value, at]) => charAt(text(value), index(at)), size: () => 4 }),
  method('indexOf', [STRING, STRING], INT, { run: ([value, wanted]) => indexOf(text(value), text(wanted), 0), ...read }),
  method('indexOf', [STRING, STRING, INT], INT, {
    run: ([value, wanted, from]) => indexOf(text(value), text(wanted), index(from)),
    ...read,
  }),
  method('lastIndexOf', [STRING, STRING], INT, { run: ([value, wanted]) => lastIndexOf(text(value), text(wanted), undefined), ...read }),
  method('lastIndexOf', [STRING, STRING, INT], INT, {
    run: ([value, wanted, from]) => lastIndexOf(text(value), text(wanted), index(from)),
    ...read,
  }),
  method('substring', [STRING, INT], STRING, { run: ([value, from]) => substring(text(value), index(from), undefined), ...read }),
  method('substring', [STRING, INT, INT], STRING, { run: ([value, from, to]) => substring(text(value), index(from), index(to)), ...read }),
];

const CHANGES: readonly Overload[] = [
  method('lowerAscii', [STRING], STRING, { run: ([value]) => lowerAscii(text(value)), ...read }),
  method('upperAscii', [STRING], STRING, { run: ([value]) => upperAscii(text(value)), ...read }),
  method('trim', [STRING], STRING, { run: ([value]) => text(value).replace(SPACES, ''), ...read }),
  method('reverse', [STRING], STRING, { run: ([value]) => Array.from(text(value)).toReversed().join(''), ...read }),
  method('replace', [STRING, STRING, STRING], STRING, {
    run: ([value, from, to]) => replace(text(value), text(from), text(to), -1),
    ...rebuild,
  }),
  method('replace', [STRING, STRING, STRING, INT], STRING, {
    run: ([value, from, to, limit]) => replace(text(value), text(from), text(to), index(limit)),
    ...rebuild,
  }),
  method('split', [STRING, STRING], list(STRING), { run: ([value, by]) => listOf(split(text(value), text(by), -1)), ...rebuild }),
  method('split', [STRING, STRING, INT], list(STRING), {
    run: ([value, by, limit]) => listOf(split(text(value), text(by), index(limit))),
    ...rebuild,
  }),
  method('join', [list(STRING)], STRING, {
    run: ([values]) => joined(listArgument(values).items, ''),
    cost: () => 0,
    resultCost: (size) => traversal(size, 2),
  }),
  method('join', [list(STRING), STRING], STRING, {
    run: ([values, by]) => joined(listArgument(values).items, text(by)),
    cost: () => 0,
    resultCost: (size) => traversal(size, 2),
  }),
  fn('strings.quote', [STRING], STRING, { run: ([value]) => quoted(text(value)), ...read }),
];

/** Any value as `%s` writes it. */
function plain(value: Value): string {
  if (typeof value === 'number') return goFloat(value);
  if (typeof value !== 'object' || value === null) return String(value);
  return isList(value) || isDictionary(value) ? plainContainer(value) : plainScalar(value);
}

function plainScalar(value: Exclude<Value, null>): string {
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof TypeValue) return value.name;
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : kindOf(value);
}

function plainContainer(value: List | Dictionary): string {
  if (isList(value)) return `[${value.items.map(plain).join(', ')}]`;
  const entries = [...value.entries.values()].map(([key, item]) => `${plain(key)}: ${plain(item)}`);
  return `{${entries.toSorted().join(', ')}}`;
}

function wholeNumber(value: Value, radix: number, clause: string): string {
  if (typeof value === 'bigint') return value.toString(radix);
  if (value instanceof Uint) return value.value.toString(radix);
  throw new CelFailure(`error during formatting: ${clause} clause can only be used on integers`);
}

function hexadecimal(value: Value): string {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : wholeNumber(value, 16, 'hex');
}

function fixed(value: Value, precision: number, exponent: boolean): string {
  if (typeof value !== 'number' && typeof value !== 'bigint' && !(value instanceof Uint))
    throw new CelFailure('error during formatting: fixed-point clause can only be used on doubles');
  const number = Number(value instanceof Uint ? value.value : value);
  return exponent ? number.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2') : number.toFixed(precision);
}

function formatted(verb: string, precision: number, value: Value): string {
  switch (verb) {
    case 's':
      return plain(value);
    case 'd':
      return typeof value === 'number' && !Number.isFinite(value) ? String(value) : wholeNumber(value, 10, 'decimal');
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : wholeNumber(value, 2, 'binary');
    case 'o':
      return wholeNumber(value, 8, 'octal');
    case 'x':
      return hexadecimal(value);
    case 'X':
      return hexadecimal(value).toUpperCase();
    default:
      return fixed(value, precision, verb === 'e');
  }
}

function format(pattern: string, values: readonly Value[]): string {
  let next = 0;
  let length = pattern.length;
  return pattern.replace(
    /%(?:%|(?:\.(\d+))?([sdboxXfe])|.?)/gs,
    (clause: string, precision: string | undefined, verb: string | undefined) => {
      if (clause === '%%') return '%';
      if (verb === undefined)
        throw new CelFailure(`could not parse formatting clause: unrecognized formatting clause "${clause.slice(1)}"`);
      const value = values[next++];
      if (value === undefined) throw new CelFailure(`index ${next - 1} out of range`);
      const made = formatted(verb, precision === undefined ? 6 : Math.min(Number(precision), 100), value);
      length += made.length;
      limitText(length);
      return made;
    },
  );
}

const FORMAT = method('format', [STRING, list(DYN)], STRING, {
  run: ([pattern, values]) => format(text(pattern), listArgument(values).items),
  ...read,
});

function regex(pattern: Value | undefined): RE2JS {
  try {
    return compilePattern(text(pattern));
  } catch (error) {
    throw new CelFailure(`Illegal regex: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function found(value: string, pattern: RE2JS, limit: number): string[] {
  const matcher = pattern.matcher(value);
  const matches: string[] = [];
  while (matches.length !== limit && matcher.find()) matches.push(matcher.group() ?? '');
  return matches;
}

const SEARCH = { cost: ([value, pattern]: readonly number[]) => matching(value, pattern), size: same };

const REGEX: readonly Overload[] = [
  method('find', [STRING, STRING], STRING, { run: ([value, pattern]) => found(text(value), regex(pattern), 1)[0] ?? '', ...SEARCH }),
  method('findAll', [STRING, STRING], list(STRING), {
    run: ([value, pattern]) => listOf(found(text(value), regex(pattern), -1)),
    ...SEARCH,
  }),
  method('findAll', [STRING, STRING, INT], list(STRING), {
    run: ([value, pattern, limit]) => listOf(found(text(value), regex(pattern), Number(int(limit)))),
    ...SEARCH,
  }),
];

/** Functions on texts beyond the language's own, and regular expressions. */
export const STRINGS: readonly Overload[] = [...POSITIONS, ...CHANGES, FORMAT, ...REGEX];
