import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '@crownlabs/std';

/** Where a data directory keeps what must be in a backup: the log, the key that opens its secrets, and files as they are. */
export interface DataLayout {
  /** Whether it belongs to `crownlabs up` or to `crownlabs apiserver`. */
  readonly kind: 'product' | 'apiserver';
  /** The folder of the log. */
  readonly log: string;
  readonly sealKey: string;
  /** How the 32 bytes are written in the file. */
  readonly sealKeyText: 'raw' | 'base64';
  /** Folders and files that are copied as they are. Sessions and refresh tokens are not: a revoked one must not come back. */
  readonly files: readonly string[];
}

const LAYOUTS: readonly DataLayout[] = [
  { kind: 'product', log: 'log', sealKey: 'pki/seal.key', sealKeyText: 'raw', files: ['pki', 'config.yaml', 'ports.json'] },
  { kind: 'apiserver', log: 'api', sealKey: 'keys/seal.key', sealKeyText: 'base64', files: ['keys'] },
];

/** The layout of the data that is in a directory. */
export function layoutIn(dataDir: string): DataLayout {
  const found = LAYOUTS.find(({ log }) => existsSync(join(dataDir, log, 'log.db')));
  if (!found) throw new LabError('NotFound', `There is no installation in ${dataDir}.`);
  return found;
}

/** The layout by its name in a backup. */
export function layoutOf(kind: DataLayout['kind']): DataLayout {
  const found = LAYOUTS.find((one) => one.kind === kind);
  if (!found) throw new TypeError(`no layout ${kind}`);
  return found;
}
