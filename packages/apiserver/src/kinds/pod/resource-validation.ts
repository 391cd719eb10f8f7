import type { Json, JsonObject } from '../../json.ts';
import { objectAt } from '../../json-read.ts';
import { compareQuantities, formatQuantity, type Quantity, qualifiedNameProblems, quantityOf } from '../../schema/index.ts';
import type { FieldCheck } from '../field-check.ts';

const NANO = 1_000_000_000n;
const OF_CONTAINERS = new Set(['cpu', 'memory', 'ephemeral-storage']);
const OF_QUOTAS =
  /^(?:storage|pods|services(?:\.nodeports|\.loadbalancers)?|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|requests\.storage|(?:requests|limits)\.(?:cpu|memory|ephemeral-storage))$/;

/** Requests and limits of a container: known names, whole numbers of what cannot be divided, no request above its limit. */
export function checkContainerResources(resources: JsonObject | undefined, at: string, check: FieldCheck): void {
  for (const kind of ['limits', 'requests']) {
    for (const [name, value] of Object.entries(objectAt(resources, kind) ?? {})) {
      const field = `${at}.${kind}[${name}]`;
      checkContainerResourceName(name, field, check);
      const quantity = quantityOf(value);
      if (quantity && isExtended(name) && quantity.units % NANO !== 0n) check.invalid(field, value, 'must be an integer');
    }
  }
  checkResources(resources, at, check);
}

/** The name of what a container may ask for. */
export function checkContainerResourceName(name: string, at: string, check: FieldCheck): void {
  const problems = qualifiedNameProblems(name);
  for (const problem of problems) check.invalid(at, name, problem);
  if (name.includes('/') || OF_CONTAINERS.has(name) || name.startsWith('hugepages-')) return;
  if (problems.length === 0 && !OF_QUOTAS.test(name)) check.invalid(at, name, 'must be a standard resource type or fully qualified');
  check.invalid(at, name, 'must be a standard resource for containers');
}

/** The name of a resource of whatever kind. */
export function checkStandardResourceName(name: string, at: string, check: FieldCheck): void {
  const problems = qualifiedNameProblems(name);
  for (const problem of problems) check.invalid(at, name, problem);
  const standard = OF_CONTAINERS.has(name) || name.startsWith('hugepages-') || OF_QUOTAS.test(name);
  if (problems.length === 0 && !name.includes('/') && !standard)
    check.invalid(at, name, 'must be a standard resource type or fully qualified');
}

/** What devices offer: not shared, so that request and limit are one. */
export function isExtended(name: string): boolean {
  return name.includes('/') && !name.split('/')[0]?.endsWith('kubernetes.io');
}

/** Never negative, and no request above its limit. */
function checkResources(resources: JsonObject | undefined, at: string, check: FieldCheck): void {
  const limits = objectAt(resources, 'limits') ?? {};
  const requests = objectAt(resources, 'requests') ?? {};
  for (const [kind, amounts] of Object.entries({ limits, requests })) {
    for (const [name, value] of Object.entries(amounts)) {
      const quantity = quantityOf(value);
      if (quantity && quantity.units < 0n) check.invalid(`${at}.${kind}[${name}]`, value, 'must be greater than or equal to 0');
    }
  }
  for (const [name, value] of Object.entries(requests)) {
    const asked = quantityOf(value);
    const limit = quantityOf(limits[name]);
    if (asked && limit) checkBelow({ name, value, asked, limit }, `${at}.requests`, check);
    else if (asked && isExtended(name)) check.required(`${at}.limits`, undefined, 'Limit must be set for non overcommitable resources');
  }
}

interface Request {
  readonly name: string;
  readonly value: Json | undefined;
  readonly asked: Quantity;
  readonly limit: Quantity;
}

function checkBelow({ name, value, asked, limit }: Request, at: string, check: FieldCheck): void {
  const above = compareQuantities(asked, limit);
  if (isExtended(name) ? above === 0 : above <= 0) return;
  const rule = isExtended(name) ? 'equal to' : 'less than or equal to';
  check.invalid(at, value, `must be ${rule} ${name} limit of ${formatQuantity(limit)}`);
}
