import { type Tenant, tenantNamespace } from '@crownlabs/api';
import { controllerOf } from '@crownlabs/client';
import { goesBefore } from '../elder.ts';
import type { Lab } from '../lab.ts';
import { selfAccessName } from './desired.ts';

/** Another tenant with the same personal namespace who had it first, because names differ in dots and dashes only: `a.b` and `a-b`. */
export function elderTwin(lab: Lab, tenant: Tenant): Tenant | undefined {
  const { name } = tenant.metadata;
  const namespace = tenantNamespace(name);
  const same = lab.tenants.byIndex('namespace', namespace).filter((it) => it.metadata.name !== name);
  if (same.length === 0) return undefined;
  const held = lab.namespaces.get(namespace) ?? lab.children.get('clusterroles')?.get(selfAccessName(name));
  return same.find((it) => goesBefore(it, tenant, held && controllerOf(held)?.uid));
}
