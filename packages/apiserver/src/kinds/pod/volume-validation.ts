import type { Json, JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { labelProblems, quantityOf } from '../../schema/index.ts';
import type { FieldCheck } from '../field-check.ts';

/** The volumes of a pod; their names are what containers may mount. */
export function checkVolumes(spec: JsonObject | undefined, at: string, check: FieldCheck): ReadonlySet<string> {
  const volumes = objectsAt(spec, 'volumes');
  const names = volumes.map((volume) => textAt(volume, 'name'));
  check.unique(names, (index) => `${at}[${index}].name`);
  for (const [index, volume] of volumes.entries()) {
    const [, ...more] = Object.keys(volume).filter((key) => key !== 'name');
    for (const source of more) check.forbidden(`${at}[${index}].${source}`, 'may not specify more than 1 volume type');
    checkSource(volume, `${at}[${index}]`, check);
    const name = names[index] ?? '';
    if (check.required(`${at}[${index}].name`, name)) check.named(`${at}[${index}].name`, name, labelProblems);
  }
  return new Set(names);
}

/** What a source cannot do without. */
const NEEDED: readonly (readonly [source: string, field: string])[] = [
  ['secret', 'secretName'],
  ['configMap', 'name'],
  ['persistentVolumeClaim', 'claimName'],
  ['hostPath', 'path'],
  ['nfs', 'server'],
  ['nfs', 'path'],
  ['ephemeral', 'volumeClaimTemplate'],
  ['csi', 'driver'],
  ['image', 'reference'],
];

function checkSource(volume: JsonObject, at: string, check: FieldCheck): void {
  for (const [source, field] of NEEDED) {
    const given = objectAt(volume, source);
    if (given) check.required(`${at}.${source}.${field}`, given[field]);
  }
  for (const source of ['secret', 'configMap', 'downwardAPI', 'projected']) checkFiles(objectAt(volume, source), `${at}.${source}`, check);
  checkHostPath(objectAt(volume, 'hostPath'), `${at}.hostPath`, check);
  const share = objectAt(volume, 'nfs');
  if (share && !textAt(share, 'path').startsWith('/')) check.invalid(`${at}.nfs.path`, textAt(share, 'path'), 'must be an absolute path');
  const size = quantityOf(objectAt(volume, 'emptyDir')?.['sizeLimit']);
  if (size && size.units < 0n) check.forbidden(`${at}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity');
  for (const [index, source] of objectsAt(volume, 'projected', 'sources').entries())
    checkProjection(source, `${at}.projected.sources[${index}]`, check);
}

const PATHS = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];

function checkHostPath(source: JsonObject | undefined, at: string, check: FieldCheck): void {
  if (!source) return;
  const path = textAt(source, 'path');
  if (path.split('/').includes('..')) check.invalid(`${at}.path`, path, "must not contain '..'");
  check.oneOf(`${at}.type`, source['type'], PATHS);
}

function checkMode(value: Json | undefined, at: string, check: FieldCheck): void {
  if (typeof value === 'number' && (value < 0 || value > 0o777))
    check.invalid(at, value, 'must be a number between 0 and 0777 (octal), both inclusive');
}

/** Files made of an object: their modes, and paths that stay inside. */
function checkFiles(source: JsonObject | undefined, at: string, check: FieldCheck): void {
  checkMode(source?.['defaultMode'], `${at}.defaultMode`, check);
  const keyed = /(?:secret|configMap)$/.test(at);
  for (const [index, item] of objectsAt(source, 'items').entries()) {
    const field = `${at}.items[${index}]`;
    if (keyed) check.required(`${field}.key`, textAt(item, 'key'));
    checkFilePath(textAt(item, 'path'), keyed ? `${field}.path` : `${at}.path`, check);
    checkMode(item['mode'], `${field}.mode`, check);
  }
}

function checkFilePath(path: string, at: string, check: FieldCheck): void {
  if (!check.required(at, path)) return;
  if (path.startsWith('/')) check.invalid(at, path, 'must be a relative path');
  if (path.split('/').includes('..')) check.invalid(at, path, "must not contain '..'");
  else if (path.startsWith('..')) check.invalid(at, path, "must not start with '..'");
}

const LEAST_SECONDS = 600;

function checkProjection(source: JsonObject, at: string, check: FieldCheck): void {
  if (Object.keys(source).length > 1) check.forbidden(at, 'may not specify more than 1 volume type per source');
  for (const name of ['secret', 'configMap']) {
    const given = objectAt(source, name);
    if (given) check.required(`${at}.${name}.name`, textAt(given, 'name'));
    checkFiles(given, `${at}.${name}`, check);
  }
  const token = objectAt(source, 'serviceAccountToken');
  if (!token) return;
  const seconds = numberAt(token, 'expirationSeconds') ?? LEAST_SECONDS;
  if (seconds < LEAST_SECONDS)
    check.invalid(`${at}.serviceAccountToken.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes');
  check.required(`${at.replace(/\.sources.*$/, '')}.path`, textAt(token, 'path'));
}
