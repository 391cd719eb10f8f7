import { deployments, virtualMachineInstances, virtualMachines } from '@crownlabs/client';
import type { Lab } from '../lab.ts';
import type { InstanceFacts } from './facts.ts';
import { WAY_IN_KINDS } from './way-in.ts';

/** Environments that the template no longer has end with the next stop. Their disks stay until the instance goes. */
export async function stopStrays(lab: Lab, { instance, template, environments }: InstanceFacts): Promise<void> {
  // Without the template nobody knows which ones are strays.
  if (instance.spec.running || !template) return;
  const { uid = '', namespace } = instance.metadata;
  const known = new Set(environments.map(({ name }) => name));
  const { machines, guests } = lab.optional;
  const strays = <T extends { metadata: { name: string } }>(found: readonly T[]) =>
    found.filter(({ metadata }) => !known.has(metadata.name));
  for (const { metadata, spec } of strays(lab.deployments.byIndex('owner', uid))) {
    if (spec?.replicas === 0) continue;
    await lab.client.patch(deployments, metadata.name, namespace, { spec: { replicas: 0 } });
    await close(lab, metadata.name, namespace);
  }
  for (const { metadata, spec } of strays(machines.byIndex('owner', uid))) {
    if (spec.running !== true) continue;
    await lab.client.patch(virtualMachines, metadata.name, namespace, { spec: { running: false } });
    await close(lab, metadata.name, namespace);
  }
  for (const { metadata } of strays(guests.byIndex('owner', uid))) {
    await lab.converger.remove(virtualMachineInstances, metadata.name, namespace);
    await close(lab, metadata.name, namespace);
  }
}

async function close(lab: Lab, name: string, namespace: string | undefined): Promise<void> {
  for (const kind of WAY_IN_KINDS) await lab.converger.remove(kind, name, namespace);
}
