import { isObject, type Json, type JsonObject } from '../../json.ts';
import { formatCheck } from '../formats.ts';

const NUMBERS: Readonly<Record<string, readonly string[]>> = { integer: ['int32', 'int64'], number: ['float', 'double'] };
const ALL_NUMBERS = Object.values(NUMBERS).flat();

function isKnown(type: string, format: string): boolean {
  const own = NUMBERS[type];
  if (own !== undefined) return own.includes(format);
  if (type !== '' && type !== 'string') return true;
  return !ALL_NUMBERS.includes(format) && formatCheck(format) !== undefined;
}

function formatsIn(schema: Json | undefined): string[] {
  if (Array.isArray(schema)) return schema.flatMap(formatsIn);
  if (!isObject(schema)) return [];
  const { type, format } = schema;
  const own = typeof format === 'string' && format !== '' && !isKnown(typeof type === 'string' ? type : '', format) ? [format] : [];
  const named = isObject(schema['properties']) ? Object.values(schema['properties']).flatMap(formatsIn) : [];
  return [
    ...own,
    ...named,
    ...['items', 'additionalProperties', 'not', 'allOf', 'anyOf', 'oneOf'].flatMap((key) => formatsIn(schema[key])),
  ];
}

function formatsOf(crd: JsonObject | undefined): Set<string> {
  const versions = isObject(crd?.['spec']) && Array.isArray(crd['spec']['versions']) ? crd['spec']['versions'] : [];
  return new Set(
    versions.flatMap((version) =>
      isObject(version) && isObject(version['schema']) ? formatsIn(version['schema']['openAPIV3Schema']) : [],
    ),
  );
}

/** What is told to who writes a definition: formats in its schemas that nobody checks, and that were not there before. */
export function formatWarnings(crd: JsonObject, old: JsonObject | undefined): string[] {
  const before = formatsOf(old);
  return [...formatsOf(crd)].filter((format) => !before.has(format)).map((format) => `unrecognized format ${JSON.stringify(format)}`);
}
