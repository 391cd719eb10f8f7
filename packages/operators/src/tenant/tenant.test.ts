import { amount, type Tenant, TenantSpec, type Workspace } from '@crownlabs/api';
import { expect, test } from 'vitest';
import { directoryRoles, labelChanges, labelText, memberships } from './memberships.ts';
import { namespaceLimits, withRoomForMirrors } from './quota.ts';

const caps = { cpu: 25, memory: '50G', instances: 10 };
const workspace = (name: string, autoEnroll: '' | 'withApproval' | 'immediate' = ''): Workspace => ({
  apiVersion: 'crownlabs.polito.it/v1alpha1',
  kind: 'Workspace',
  metadata: { name },
  spec: { prettyName: name, autoEnroll, quota: { cpu: 20, memory: '20G', instances: 3 } },
});
const tenant = (workspaces: { name: string; role: 'manager' | 'user' | 'candidate' }[], labels: Record<string, string> = {}): Tenant => ({
  apiVersion: 'crownlabs.polito.it/v1alpha2',
  kind: 'Tenant',
  metadata: { name: 'marco.iorio', labels },
  spec: TenantSpec.parse({ firstName: 'Marco', lastName: 'Iorio', email: 'marco.iorio@polito.it', workspaces }),
});

test('one workspace gives its quota, two are added up and capped', () => {
  const one = { cpu: 10, memory: '20G', instances: 3 };
  expect(namespaceLimits([one], caps)).toEqual({
    'limits.cpu': '10',
    'requests.cpu': '10',
    'limits.memory': '20G',
    'requests.memory': '20G',
    'count/instances.crownlabs.polito.it': '3',
  });
  const two = { cpu: 20, memory: '30G', instances: 8 };
  expect(namespaceLimits([two, two], caps)).toMatchObject({
    'limits.cpu': '25',
    'limits.memory': '50G',
    'count/instances.crownlabs.polito.it': '10',
  });
});

test('volumes are limited only where every workspace limits them, and devices under the name that Kubernetes enforces', () => {
  const one = { cpu: 1, memory: '1G', instances: 1 };
  expect(namespaceLimits([{ ...one, disk: '10Gi' }], caps)['requests.storage']).toBe('10Gi');
  expect(namespaceLimits([{ ...one, disk: '10Gi' }, one], caps)).not.toHaveProperty('requests.storage');
  expect(namespaceLimits([{ ...one, otherResources: { 'nvidia.com/gpu': 2 } }], caps)['requests.nvidia.com/gpu']).toBe('2');
});

test('the limit of volumes is what the workspaces say, and a little more where disks fill it', () => {
  const limits = { 'limits.cpu': '1', 'requests.storage': '20Gi' };
  expect(withRoomForMirrors(limits, amount('10Gi'))).toBe(limits);
  expect(withRoomForMirrors(limits, amount('20Gi'))).toEqual({ 'limits.cpu': '1', 'requests.storage': '20481Mi' });
  expect(withRoomForMirrors({}, amount('20Gi'))).toEqual({});
});

test('unknown workspaces fail and the others work; candidates wait only where approval is asked for', () => {
  const known = new Map([workspace('netgroup'), workspace('open', 'withApproval')].map((it) => [it.metadata.name, it]));
  const found = memberships(
    tenant([
      { name: 'netgroup', role: 'manager' },
      { name: 'open', role: 'candidate' },
      { name: 'gone', role: 'user' },
    ]),
    (name) => known.get(name),
  );
  expect(found.valid.map(({ name }) => name)).toEqual(['netgroup', 'open']);
  expect(found.failing).toEqual(['gone']);
  expect(directoryRoles(found)).toEqual(['workspace-netgroup:manager']);
  expect(memberships(tenant([{ name: 'netgroup', role: 'candidate' }]), (name) => known.get(name)).failing).toEqual(['netgroup']);
});

test('labels follow the memberships: new ones come, stale ones go', () => {
  const found = memberships(tenant([{ name: 'netgroup', role: 'manager' }]), workspace);
  const stale = { 'crownlabs.polito.it/workspace-old': 'user', other: 'kept' };
  expect(labelChanges(tenant([], stale), found, ['utilities'])).toEqual({
    'crownlabs.polito.it/managed-by': 'tenant',
    'crownlabs.polito.it/first-name': 'Marco',
    'crownlabs.polito.it/last-name': 'Iorio',
    'crownlabs.polito.it/workspace-netgroup': 'manager',
    'crownlabs.polito.it/workspace-old': null,
  });
  const alone = memberships(tenant([{ name: 'utilities', role: 'user' }]), workspace);
  expect(labelChanges(tenant([]), alone, ['utilities'])).toMatchObject({ 'crownlabs.polito.it/no-workspaces': 'true' });
});

test('names become labels', () => {
  expect(['Anna Maria', "D'Angelo", 'Müller', ' x '].map(labelText)).toEqual(['Anna_Maria', 'DAngelo', 'Muller', 'x']);
});
