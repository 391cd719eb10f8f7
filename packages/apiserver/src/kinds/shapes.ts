import { readFileSync } from 'node:fs';
import { isObject, type Json, type JsonObject } from '../json.ts';
import type { Schema } from '../resource.ts';

/** The Kubernetes version whose shapes these are. */
export const KUBERNETES_VERSION = '1.36.6';

/** Where a reference between definitions points: this, and the name of the definition. */
export const REF_PREFIX = '#/components/schemas/';

/** A definition, and how absent and zero fields look on the wire, which OpenAPI cannot say. */
export interface Shape {
  readonly schema: Schema;
  /** Fields that are always written; with what, when they are absent. */
  readonly always: ReadonlyMap<string, Json>;
  /** Fields that are left out while they hold the zero value of their type. */
  readonly omitZero: ReadonlySet<string>;
  /** Fields by their number in protobuf; by two numbers, `2.1`, where JSON has inlined a message. */
  readonly proto: ReadonlyMap<string, string>;
}

/** Parses each definition when it is first asked for: a lab uses a tenth of them. */
class ShapeFile {
  #lines: Map<string, string> | undefined;
  readonly #parsed = new Map<string, Shape>();

  #index(): Map<string, string> {
    if (this.#lines) return this.#lines;
    const lines = new Map<string, string>();
    for (const line of readFileSync(new URL('./generated/shapes.jsonl', import.meta.url), 'utf8').split('\n')) {
      const tab = line.indexOf('\t');
      if (tab > 0) lines.set(line.slice(0, tab), line.slice(tab + 1));
    }
    this.#lines = lines;
    return lines;
  }

  names(): IterableIterator<string> {
    return this.#index().keys();
  }

  get(name: string): Shape | undefined {
    const known = this.#parsed.get(name);
    if (known) return known;
    const line = this.#index().get(name);
    if (line === undefined) return undefined;
    const shape = shapeOf(JSON.parse(line) as JsonObject);
    this.#parsed.set(name, shape);
    // The text has done its duty.
    this.#index().set(name, '');
    return shape;
  }
}

function shapeOf(schema: JsonObject): Shape {
  const always = new Map<string, Json>();
  const omitZero = new Set<string>();
  const proto = new Map<string, string>();
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  for (const [field, property] of Object.entries(properties)) {
    if (!isObject(property)) continue;
    const zero = property['x-zero'];
    if (zero !== undefined) always.set(field, zero);
    // An empty list of owners is a wish, and seen only while it is decoded.
    if (property['x-omit-zero'] === true && field !== 'managedFields') omitZero.add(field);
    if (typeof property['x-proto'] === 'string') proto.set(property['x-proto'], field);
    for (const mark of ['x-zero', 'x-omit-zero', 'x-proto']) delete property[mark];
  }
  return { schema, always, omitZero, proto };
}

const file = new ShapeFile();

/** The shape of a definition by its full name, such as `io.k8s.api.core.v1.Pod`. */
export function shape(name: string): Shape | undefined {
  return file.get(name);
}

let definitions: Readonly<Record<string, Schema>> | undefined;

/** Every definition by name, without descriptions; each is parsed when it is first read. */
export function builtInDefinitions(): Readonly<Record<string, Schema>> {
  if (definitions) return definitions;
  const all: Record<string, Schema> = {};
  for (const name of file.names()) {
    Object.defineProperty(all, name, { enumerable: true, get: () => file.get(name)?.schema ?? {} });
  }
  definitions = all;
  return all;
}
