import { LabError } from '@crownlabs/std';
import type { Json, JsonObject } from '../json.ts';
import { takingKey } from '../odd-keys.ts';

/** A parsed document and the paths of keys that it gives twice (the last one wins, as in Go). */
export interface Parsed {
  readonly value: Json;
  /** In order of appearance, as a strict decoder names them: `spec.ports[0].name`. */
  readonly duplicates: readonly string[];
}

// JSON.parse loses duplicate keys and integers beyond 2^53, so bodies from outside go through this parser.
// Deep documents would exhaust the stack in whoever walks them later.
const MAX_DEPTH = 1000;

/** Parses JSON with all that JSON.parse hides. Errors are worded as Go words them, because clients show them. */
export function parseJson(text: string): Parsed {
  const parser = new Parser(text);
  return { value: parser.document(), duplicates: parser.duplicates };
}

const BIG = /\d{16}/;
const RISKY = '"__proto__"';

/** Parses bytes that this API wrote itself: no duplicates in them, so the fast way is enough unless a number or key is special. */
export function parseStored(bytes: Uint8Array): Json {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (BIG.test(text) || text.includes(RISKY)) return parseJson(text).value;
  return JSON.parse(text) as Json;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

class Parser {
  readonly duplicates: string[] = [];
  readonly #text: string;
  readonly #path: (string | number)[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Json {
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) throw this.#unexpected('after top-level value');
    return value;
  }

  #value(): Json {
    this.#space();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object();
      case '[':
        return this.#list();
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(): JsonObject {
    this.#enter();
    let object: JsonObject = {};
    if (this.#closes('}')) return object;
    do {
      this.#space();
      if (this.#text[this.#at] !== '"') throw this.#unexpected('looking for beginning of object key string');
      const key = this.#string();
      this.#path.push(key);
      object = takingKey(object, key);
      if (object[key] !== undefined) this.duplicates.push(pathText(this.#path));
      this.#expect(':', 'after object key');
      object[key] = this.#value();
      this.#path.pop();
    } while (this.#continues('}', 'after object key:value pair'));
    return object;
  }

  #list(): Json[] {
    this.#enter();
    const list: Json[] = [];
    if (this.#closes(']')) return list;
    do {
      this.#path.push(list.length);
      list.push(this.#value());
      this.#path.pop();
    } while (this.#continues(']', 'after array element'));
    return list;
  }

  #enter(): void {
    this.#at += 1;
    if (this.#path.length >= MAX_DEPTH) throw new LabError('BadRequest', 'invalid character: exceeded max depth');
  }

  #closes(end: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== end) return false;
    this.#at += 1;
    return true;
  }

  #continues(end: string, where: string): boolean {
    this.#space();
    const next = this.#text[this.#at];
    if (next !== ',' && next !== end) throw this.#unexpected(where);
    this.#at += 1;
    return next === ',';
  }

  #expect(character: string, where: string): void {
    this.#space();
    if (this.#text[this.#at] !== character) throw this.#unexpected(where);
    this.#at += 1;
  }

  #string(): string {
    this.#at += 1;
    let out = '';
    for (;;) {
      const run = this.#plainRun();
      const next = this.#text[this.#at];
      if (next === '"') {
        this.#at += 1;
        return out + run;
      }
      if (next !== '\\') throw this.#unexpected('in string literal');
      out += run + this.#escape();
    }
  }

  /** Characters up to the next quote, escape or control character. */
  #plainRun(): string {
    const start = this.#at;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      // NaN, past the end, fails the comparison.
      if (!(code >= SPACE) || code === QUOTE || code === BACKSLASH) return this.#text.slice(start, this.#at);
      this.#at += 1;
    }
  }

  #escape(): string {
    const kind = this.#text[this.#at + 1] ?? '';
    const plain = ESCAPES[kind];
    if (plain !== undefined) {
      this.#at += 2;
      return plain;
    }
    const hex = this.#text.slice(this.#at + 2, this.#at + 6);
    if (kind !== 'u' || !/^[0-9a-fA-F]{4}$/.test(hex)) throw this.#unexpected('in string escape code');
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  #number(): number | bigint {
    NUMBER.lastIndex = this.#at;
    const text = NUMBER.exec(this.#text)?.[0];
    if (text === undefined) throw this.#unexpected('looking for beginning of value');
    this.#at += text.length;
    const number = Number(text);
    if (Number.isSafeInteger(number) || !/^-?\d+$/.test(text)) return number;
    return BigInt(text);
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected('looking for beginning of value');
    this.#at += word.length;
    return value;
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.#at += 1;
    }
  }

  #unexpected(where: string): LabError {
    const found = this.#text[this.#at];
    const message = found === undefined ? 'unexpected end of JSON input' : `invalid character ${quoted(found)} ${where}`;
    return new LabError('BadRequest', message);
  }
}

function quoted(character: string): string {
  return character === "'" ? String.raw`'\''` : `'${character}'`;
}

/** `spec.ports[0].name`. */
export function pathText(path: readonly (string | number)[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}
