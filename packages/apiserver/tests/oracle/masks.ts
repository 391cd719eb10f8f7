import { isObject, type Json, type JsonObject } from '../../src/json.ts';
import { textOf } from './json-text.ts';
import type { Mask } from './recorded-case.ts';

/** Fields that differ from run to run; that they are there is still compared. */
const CHANGING = new Set(
  (
    'uid resourceVersion creationTimestamp deletionTimestamp time lastTransitionTime lastUpdateTime lastProbeTime lastHeartbeatTime ' +
    'firstTimestamp lastTimestamp startTime completionTime expirationTimestamp token continue serverAddress'
  ).split(' '),
);
const ADDRESSES = new Set(['clusterIP', 'clusterIPs', 'ip', 'podIP', 'hostIP']);
const PORTS = new Set(['nodePort', 'healthCheckNodePort']);
const IPV4 = /^\d+(\.\d+){3}$/;

/** Parts of texts that differ from run to run, or that only a program written in Go says. Years before 2024 are test data. */
const TEXTS: readonly (readonly [RegExp, string])[] = [
  [/\b(?!0{8}-)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<uid>'],
  [/\b20(?:2[4-9]|[3-9]\d)-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>'],
  [/(resource version: \d+, current: )\d+/g, '$1<rv>'],
  [/(too old resource version: \d+ )\(\d+\)/g, '$1(<rv>)'],
  [/(ResourceVersion in precondition: )\d+(, ResourceVersion in object meta: )\d+/g, '$1<rv>$2<rv>'],
  [/(ResourceVersion in (?:record|the precondition) \()\d+/g, '$1<rv>'],
  [/Key: \/registry\/[^,]*/g, 'Key: <key>'],
  [/json parse error: [^]*$/g, '<parse error>'],
  [/yaml: line \d+: [^]*$/g, '<parse error>'],
  [/error converting YAML to JSON: [^]*$/g, '<parse error>'],
  [/json: cannot unmarshal [^]*$/g, '<decode error>'],
  [/(?:invalid character '|unexpected end of JSON input)[^]*$/g, '<parse error>'],
  [/parsing time "[^]*$/g, '<time error>'],
  [/ in scheme "[^"]*"/g, ' in scheme <scheme>'],
  [/Invalid value: "\{(?:[^"\\]|\\.)*"/g, 'Invalid value: "<object>"'],
  [/Invalid value: \{"(?:rule|apigroup|path)":.*?\}(?=: )/gi, 'Invalid value: <object>'],
  [/Invalid value: \[\{"name":.*?\}\](?=: )/gi, 'Invalid value: <list>'],
  [/requested .* without impersonating/g, 'requested <user> without impersonating'],
  [/error parsing regexp: [^,]*/g, '<regexp error>'],
  [/map\[[^]*\]/g, '<map>'],
  [/got &value\.valueUnstructured\{[^}]*\}/g, 'got <value>'],
  [/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>'],
  [/([?&]hash=)[0-9A-Za-z]+/g, '$1<hash>'],
];

/** How an answer is made comparable. */
export interface Masking {
  readonly masks: readonly Mask[];
  /** Whether the record of field managers is compared. */
  readonly managedFields: boolean;
}

/** The answer without what differs from run to run; the causes of a refusal come in one order. */
export function masked(value: Json | undefined, masking: Masking): Json | undefined {
  return inOneOrder(mask(value, '', masking));
}

function mask(value: Json | undefined, key: string, masking: Masking): Json | undefined {
  if (typeof value === 'string') return maskText(value, key, masking);
  if (typeof value === 'number' && PORTS.has(key) && value > 0) return '<port>';
  if (Array.isArray(value)) return value.map((item) => mask(item, key, masking) ?? null);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([name]) => name !== 'managedFields' || masking.managedFields);
  return Object.fromEntries(
    kept.map(([name, item]) => [plain(name, masking), mask(name === 'managedFields' ? byManager(item) : item, name, masking)]),
  );
}

function maskText(text: string, key: string, masking: Masking): string {
  if (CHANGING.has(key) && text !== '' && !text.startsWith('${')) return `<${key}>`;
  return ADDRESSES.has(key) && IPV4.test(text) ? '<ip>' : plain(text, masking);
}

function plain(text: string, { masks }: Masking): string {
  const known = TEXTS.reduce((out, [pattern, by]) => out.replace(pattern, by), text);
  return masks.reduce((out, { re, with: by }) => (re === undefined ? out : out.replaceAll(new RegExp(re, 'g'), by ?? '<masked>')), known);
}

/** Their order depends on whole seconds. */
function byManager(entries: Json | undefined): Json | undefined {
  if (!Array.isArray(entries)) return entries;
  const id = (entry: Json) =>
    isObject(entry) ? ['manager', 'operation', 'subresource', 'apiVersion'].map((field) => textOf(entry[field])).join(' ') : '';
  return entries.toSorted((a, b) => (id(a) < id(b) ? -1 : 1));
}

function inOneOrder(value: Json | undefined): Json | undefined {
  if (!isObject(value) || value['kind'] !== 'Status' || !isObject(value['details'])) return value;
  const { causes } = value['details'];
  if (!Array.isArray(causes) || causes.length < 2) return value;
  const text = (cause: Json) => (isObject(cause) ? `${textOf(cause['field'])}: ${textOf(cause['message'])}` : '');
  const ordered = causes.toSorted((a, b) => (text(a) < text(b) ? -1 : Number(text(a) > text(b))));
  return { ...value, message: messageInOrder(value, ordered.map(text)), details: { ...value['details'], causes: ordered } };
}

function messageInOrder({ message }: JsonObject, causes: readonly string[]): string {
  const said = textOf(message);
  const parts = [...new Set(causes)];
  const head = /^([^]*? is invalid: )\[[^]*\]$/.exec(said)?.[1];
  return head !== undefined && parts.every((part) => said.includes(part)) ? `${head}[${parts.join(', ')}]` : said;
}
