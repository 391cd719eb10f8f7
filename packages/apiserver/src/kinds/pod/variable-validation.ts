import type { JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt } from '../../json-read.ts';
import { notSupported, subdomainProblems } from '../../schema/index.ts';
import { configKeyProblems } from '../core/config-keys.ts';
import type { FieldCheck } from '../field-check.ts';
import { checkFieldReference } from './field-reference.ts';

const NAME_RULE = "a valid environment variable name must consist only of printable ASCII characters other than '='";
const MORE_THAN_ONE = 'may not have more than one field specified at a time';

/** The variables of a container, one by one and from whole objects. */
export function checkVariables(container: JsonObject, at: string, check: FieldCheck): void {
  for (const [index, env] of objectsAt(container, 'env').entries()) checkEnv(env, `${at}.env[${index}]`, check);
  for (const [index, from] of objectsAt(container, 'envFrom').entries()) checkEnvFrom(from, { at, index, check });
}

function isVariableName(name: string): boolean {
  return /^[ -<>-~]+$/.test(name);
}

function checkEnv(env: JsonObject, at: string, check: FieldCheck): void {
  const name = textAt(env, 'name');
  if (check.required(`${at}.name`, name) && !isVariableName(name)) check.invalid(`${at}.name`, name, NAME_RULE);
  const from = objectAt(env, 'valueFrom');
  if (!from) return;
  checkFieldReference(objectAt(from, 'fieldRef'), `${at}.valueFrom.fieldRef`, check);
  checkAmount(objectAt(from, 'resourceFieldRef'), `${at}.valueFrom.resourceFieldRef`, check);
  for (const source of ['configMapKeyRef', 'secretKeyRef']) checkKey(objectAt(from, source), `${at}.valueFrom.${source}`, check);
  if (textAt(env, 'value') !== '') check.invalid(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty');
  const sources = Object.keys(from).length;
  if (sources === 0)
    check.invalid(
      `${at}.valueFrom`,
      '',
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    );
  if (sources > 1) check.invalid(`${at}.valueFrom`, '', MORE_THAN_ONE);
}

const AMOUNTS = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

function checkAmount(reference: JsonObject | undefined, at: string, check: FieldCheck): void {
  if (!reference) return;
  const resource = textAt(reference, 'resource');
  if (!check.required(`${at}.resource`, resource)) return;
  const pages = /^(?:limits|requests)\.hugepages-/.test(resource);
  if (!pages && !AMOUNTS.includes(resource)) check.add(notSupported(`${at}.resource`, resource, AMOUNTS));
}

function checkKey(reference: JsonObject | undefined, at: string, check: FieldCheck): void {
  if (!reference) return;
  check.named(`${at}.name`, textAt(reference, 'name'), subdomainProblems);
  const key = textAt(reference, 'key');
  if (check.required(`${at}.key`, key)) check.named(`${at}.key`, key, configKeyProblems);
}

function checkEnvFrom(from: JsonObject, { at, index, check }: { at: string; index: number; check: FieldCheck }): void {
  const prefix = textAt(from, 'prefix');
  if (prefix !== '' && !isVariableName(prefix)) check.invalid(`${at}.envFrom[${index}].prefix`, prefix, NAME_RULE);
  const sources = ['configMapRef', 'secretRef'].filter((source) => objectAt(from, source) !== undefined);
  for (const source of sources) {
    const name = textAt(objectAt(from, source), 'name');
    const field = `${at}.envFrom[${index}].${source}.name`;
    if (check.required(field, name)) check.named(field, name, subdomainProblems);
  }
  if (sources.length === 0) check.invalid(`${at}.envFrom`, '', 'must specify one of: `configMapRef` or `secretRef`');
  if (sources.length > 1) check.invalid(`${at}.envFrom`, '', MORE_THAN_ONE);
}
