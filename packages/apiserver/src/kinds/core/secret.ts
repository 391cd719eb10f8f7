import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { mapAt, objectAt, textAt } from '../../json-read.ts';
import { tooLong } from '../../schema/index.ts';
import { AGE_TEXT, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck, IMMUTABLE } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import type { Strategy } from '../strategy.ts';
import { base64Bytes, configKeyProblems, MOST_BYTES } from './config-keys.ts';
import { immutableKept } from './config-map.ts';

/** Keys that Secrets of a type cannot do without. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};
const JSON_KEYS = ['.dockercfg', '.dockerconfigjson'];
const REDACTED = '<secret contents redacted>';
const ACCOUNT = 'kubernetes.io/service-account.name';

function defaults(secret: JsonObject): void {
  fill(secret, { type: 'Opaque' });
  const texts = objectAt(secret, 'stringData');
  if (texts) {
    const data = part(secret, 'data');
    for (const [key, text] of Object.entries(texts)) if (typeof text === 'string') data[key] = Buffer.from(text, 'utf8').toString('base64');
  }
  // Write-only: it never comes back.
  delete secret['stringData'];
}

function checkType(secret: JsonObject, data: Readonly<Record<string, string>>, check: FieldCheck): void {
  const type = textAt(secret, 'type');
  for (const key of NEEDED[type] ?? []) {
    const value = data[key];
    if (value === undefined || (value === '' && key === 'ssh-privatekey')) check.required(`data[${key}]`, undefined);
    else if (JSON_KEYS.includes(key)) checkJson(key, value, check);
  }
  if (type === 'kubernetes.io/basic-auth' && !('username' in data) && !('password' in data)) {
    check.required('data[username]', undefined);
    check.required('data[password]', undefined);
  }
  if (type === 'kubernetes.io/service-account-token') {
    check.required(`metadata.annotations[${ACCOUNT}]`, mapAt(secret, 'metadata', 'annotations')[ACCOUNT]);
  }
}

function checkJson(key: string, value: string, check: FieldCheck): void {
  const text = Buffer.from(value, 'base64').toString('utf8');
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === 'object' && !Array.isArray(read)) return;
    const kind = Array.isArray(read) ? 'array' : typeof read === 'boolean' ? 'bool' : typeof read;
    check.invalid(`data[${key}]`, REDACTED, `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`);
  } catch {
    check.invalid(`data[${key}]`, REDACTED, `invalid character '${text.charAt(0)}' looking for beginning of value`);
  }
}

function validate(secret: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const data = mapAt(secret, 'data');
  let size = 0;
  for (const [key, value] of Object.entries(data)) {
    check.named(`data[${key}]`, key, configKeyProblems);
    size += base64Bytes(value);
  }
  if (size > MOST_BYTES) check.add(tooLong('data', MOST_BYTES));
  checkType(secret, data, check);
  return check.errors;
}

/** Whether the pair of a TLS secret can be used is not checked, only told. */
function certificateWarnings(secret: JsonObject): string[] {
  if (textAt(secret, 'type') !== 'kubernetes.io/tls') return [];
  const data = mapAt(secret, 'data');
  const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString('latin1');
  const [certificate, key] = [text('tls.crt'), text('tls.key')];
  if (!PEM.test(certificate)) return ['tls: failed to find any PEM data in certificate input'];
  if (!CERTIFICATE.test(certificate))
    return ['tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'];
  return PEM.test(key) ? [] : ['tls: failed to find any PEM data in key input'];
}

const PEM = /-----BEGIN [^-]+-----[^]+-----END [^-]+-----/;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----/;

/** Secrets. */
export const secret: Strategy = {
  defaults,
  prepare(object, old) {
    if (old && object['type'] === undefined) object['type'] = old['type'];
  },
  validate,
  warnings: certificateWarnings,
  validateUpdate(object, old) {
    const check = new FieldCheck();
    if (textAt(object, 'type') !== textAt(old, 'type')) check.invalid('type', textAt(object, 'type'), IMMUTABLE);
    return [...check.errors, ...immutableKept(object, old, ['data'])];
  },
  columns: [
    NAME,
    textColumn('Type', (object) => textAt(object, 'type')),
    textColumn('Data', (object) => Object.keys(objectAt(object, 'data') ?? {}).length),
    AGE_TEXT,
  ],
  fieldSelectors: { type: (object) => textAt(object, 'type') },
};
