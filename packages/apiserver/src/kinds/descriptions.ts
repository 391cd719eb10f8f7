import { existsSync, readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { textAt } from '../json-read.ts';
import type { Schema } from '../resource.ts';
import { builtInDefinitions } from './shapes.ts';

type Words = Readonly<Record<string, string>>;

/** The published descriptions. Held only as long as somebody reads them: they are larger than all shapes, and rarely wanted. */
class DescriptionFile {
  #text: WeakRef<{ readonly lines: ReadonlyMap<string, string> }> | undefined;
  readonly #kept = new Map<string, Words>();

  of(definition: string): Words {
    return this.#kept.get(definition) ?? this.#read(definition);
  }

  /** As `of`, and remembered: for the few definitions that tables name. */
  keep(definition: string): Words {
    const words = this.of(definition);
    this.#kept.set(definition, words);
    return words;
  }

  #read(definition: string): Words {
    const line = this.#lines().get(definition);
    return line === undefined ? {} : (JSON.parse(line) as Words);
  }

  #lines(): ReadonlyMap<string, string> {
    const known = this.#text?.deref();
    if (known) return known.lines;
    const lines = new Map<string, string>();
    const file = new URL('./generated/descriptions.jsonl.br', import.meta.url);
    const text = existsSync(file) ? brotliDecompressSync(readFileSync(file)).toString('utf8') : '';
    for (const line of text.split('\n')) {
      const tab = line.indexOf('\t');
      if (tab > 0) lines.set(line.slice(0, tab), line.slice(tab + 1));
    }
    this.#text = new WeakRef({ lines });
    return lines;
  }
}

const file = new DescriptionFile();

/** What is published about a field of a definition. */
export function describedField(definition: string, field: string): string {
  return file.keep(definition)[field] ?? '';
}

/** A definition as OpenAPI documents have it: described, and references that say more wrapped in `allOf`. Made anew at each call. */
export function describedDefinition(name: string): Schema | undefined {
  const schema = builtInDefinitions()[name];
  if (!schema) return undefined;
  const words = file.of(name);
  const out: Schema = words[''] === undefined ? { ...schema } : { description: words[''], ...schema };
  const properties = schema['properties'];
  if (isObject(properties)) out['properties'] = described(properties, words);
  return out;
}

function described(properties: JsonObject, words: Words): JsonObject {
  const out: JsonObject = {};
  for (const [name, property] of Object.entries(properties)) out[name] = isObject(property) ? published(property, words[name]) : property;
  return out;
}

function published(property: Schema, description: string | undefined): Json {
  const ref = textAt(property, '$ref');
  const words = description === undefined ? {} : { description };
  if (ref === '') return { ...words, ...property };
  const { $ref: _, ...rest } = property;
  const alone = Object.keys(rest).length === 0 && description === undefined;
  return alone ? { $ref: ref } : { ...words, ...rest, allOf: [{ $ref: ref }] };
}
