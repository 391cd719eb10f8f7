import type { JsonObject } from '../../json.ts';
import { textsAt } from '../../json-read.ts';
import type { FieldCheck } from '../field-check.ts';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

function checkNames(names: readonly string[], at: string, what: string, check: FieldCheck): void {
  check.required(at, [...names]);
  if (names.length > 1 && names.includes('*')) check.invalid(at, [...names], `if '*' is present, must not specify other ${what}`);
}

function checkResources(resources: readonly string[], at: string, check: FieldCheck): void {
  check.required(at, [...resources]);
  if (resources.length > 1 && resources.includes('*/*')) {
    check.invalid(at, [...resources], "if '*/*' is present, must not specify other resources");
    return;
  }
  const wide = resources.filter((resource) => resource.endsWith('/*')).map((resource) => resource.slice(0, -2));
  for (const [index, resource] of resources.entries()) {
    if (resource === '') check.required(`${at}[${index}]`, undefined);
    const [name = '', sub] = resource.split('/');
    if (sub !== undefined && sub !== '*' && wide.includes(name))
      check.invalid(`${at}[${index}]`, resource, `if '${name}/*' is present, must not specify ${resource}`);
    if (resource === '*' || sub !== undefined || !resources.includes('*')) continue;
    check.invalid(at, [...resources], "if '*' is present, must not specify other resources without subresources");
  }
}

/** Rules of webhooks and admission policies: which operations on which resources. */
export function checkOperationRules(rules: readonly JsonObject[], at: string, check: FieldCheck): void {
  for (const [index, rule] of rules.entries()) {
    const here = `${at}[${index}]`;
    const operations = textsAt(rule, 'operations');
    check.required(`${here}.operations`, operations);
    if (operations.length > 1 && operations.includes('*')) {
      check.invalid(`${here}.operations`, operations, "if '*' is present, must not specify other operations");
    }
    for (const [place, operation] of operations.entries()) check.oneOf(`${here}.operations[${place}]`, operation, OPERATIONS);
    checkNames(textsAt(rule, 'apiGroups'), `${here}.apiGroups`, 'API groups', check);
    checkNames(textsAt(rule, 'apiVersions'), `${here}.apiVersions`, 'API versions', check);
    checkResources(textsAt(rule, 'resources'), `${here}.resources`, check);
    check.oneOf(`${here}.scope`, rule['scope'], ['*', 'Cluster', 'Namespaced']);
  }
}
