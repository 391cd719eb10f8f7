import { LabError } from '@crownlabs/std';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, stringify } from 'yaml';
import type { Json, JsonObject } from '../json.ts';

/** A parsed YAML document; duplicates are worded with their line, as Go's YAML decoder words them. */
export interface ParsedYaml {
  readonly value: Json;
  readonly duplicates: readonly string[];
}

// Kubernetes reads YAML 1.1 (`yes` is true, `0644` is octal) without these extras of it.
const LEFT_OUT = ['binary', 'omap', 'pairs', 'set', 'timestamp', 'intTime', 'floatTime'];
const MAX_DEPTH = 1000;

/** Parses one YAML document. */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.1',
    uniqueKeys: false,
    intAsBigInt: true,
    lineCounter: lines,
    merge: true,
    customTags: (tags) =>
      tags.filter((tag) => typeof tag === 'string' || !LEFT_OUT.some((name) => tag.tag.endsWith(`:${name}`) || isTime(tag))),
  });
  const problem = document.errors[0];
  if (problem) throw new LabError('BadRequest', `yaml: line ${lines.linePos(problem.pos[0]).line}: ${firstLine(problem.message)}`);
  const duplicates: string[] = [];
  const root = document.contents;
  findDuplicates(root, lines, duplicates, 0);
  return { value: plain(document.toJS({ maxAliasCount: 1000 }), 0), duplicates };
}

/** A value as YAML. */
export function printYaml(value: Json): string {
  return stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false, indentSeq: false, sortMapEntries: true });
}

function isTime(tag: { format?: string }): boolean {
  return tag.format === 'TIME';
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}

function findDuplicates(node: unknown, lines: LineCounter, found: string[], depth: number): void {
  if (depth > MAX_DEPTH) throw new LabError('BadRequest', 'yaml: exceeded max depth');
  if (isSeq(node)) for (const item of node.items) findDuplicates(item, lines, found, depth + 1);
  if (!isMap(node)) return;
  const seen = new Set<string>();
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : '';
    if (seen.has(name)) found.push(`line ${lineOf(key, lines)}: key ${JSON.stringify(name)} already set in map`);
    seen.add(name);
    findDuplicates(value, lines, found, depth + 1);
  }
}

function lineOf(node: unknown, lines: LineCounter): number {
  const range = (node as Node | null)?.range;
  return range ? lines.linePos(range[0]).line : 0;
}

/** What the parser gave, as JSON: small bigints become numbers, anything odd is refused. */
function plain(value: unknown, depth: number): Json {
  if (depth > MAX_DEPTH) throw new LabError('BadRequest', 'yaml: exceeded max depth');
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  if (typeof value !== 'object') throw new LabError('BadRequest', 'error converting YAML to JSON: unsupported value');
  const object: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    Object.defineProperty(object, key, { value: plain(item, depth + 1), enumerable: true, configurable: true, writable: true });
  }
  return object;
}
