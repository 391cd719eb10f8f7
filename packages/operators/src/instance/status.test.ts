import { Environment, InstanceSpec, TemplateSpec } from '@crownlabs/api';
import { rfc3339 } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { SINGLE_MACHINE } from '../config.ts';
import type { EnvironmentFacts, InstanceFacts } from './facts.ts';
import { nextTelling, observe } from './status.ts';

const NOW = Date.parse('2026-10-05T08:00:00Z');
const WEB = Environment.parse({
  name: 'web',
  image: 'a/b:1',
  environmentType: 'Standalone',
  resources: { cpu: 1, memory: '1G', reservedCPUPercentage: 10 },
});

/** A running instance with one container of which this much is seen. */
function seen(changes: Partial<EnvironmentFacts>): InstanceFacts {
  const nothing = { deployment: undefined, machine: undefined, service: undefined, ingress: undefined, route: undefined, claim: undefined };
  const unseen = { pod: undefined, build: undefined, shared: [], obstacle: undefined, connectable: false };
  const reference = { name: 'lab', namespace: 'workspace-net' };
  return {
    instance: {
      apiVersion: 'crownlabs.polito.it/v1alpha2',
      kind: 'Instance',
      metadata: { name: 'mine', namespace: 'tenant-ada', uid: 'u', creationTimestamp: rfc3339(NOW) },
      spec: InstanceSpec.parse({
        'template.crownlabs.polito.it/TemplateRef': reference,
        'tenant.crownlabs.polito.it/TenantRef': { name: 'ada' },
      }),
    },
    template: {
      apiVersion: 'crownlabs.polito.it/v1alpha2',
      kind: 'Template',
      metadata: reference,
      spec: TemplateSpec.parse({ prettyName: 'Lab', environmentList: [WEB] }),
    },
    tenant: undefined,
    workspace: 'net',
    environments: [{ environment: WEB, name: 'mine-web', ...nothing, ...unseen, ...changes }],
    refusal: undefined,
    shortage: undefined,
    gatewayApi: false,
    driveMissing: false,
    now: NOW,
  };
}

const config = { ...SINGLE_MACHINE, publicUrl: 'http://localhost' };

test.each([
  ['with the address', { podIP: '10.0.0.1' }, 0, { nodeName: 'n', again: undefined }],
  ['not at once without one', {}, 500, { nodeName: '', again: 1_500 }],
  ['a moment later even without one', {}, 2_000, { nodeName: 'n', again: undefined }],
])('the node is told %s', (_what, status, ageMs, { nodeName, again }) => {
  const metadata = { name: 'p', creationTimestamp: rfc3339(NOW) };
  const facts = {
    ...seen({ pod: { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'n', containers: [] }, status } }),
    now: NOW + ageMs,
  };
  expect(observe(facts, config).nodeName).toBe(nodeName);
  expect(nextTelling(facts)).toBe(again);
});

test('where nobody shows the pods, the word of their Deployment counts', () => {
  const metadata = { name: 'mine-web', namespace: 'tenant-ada' };
  const spec = { replicas: 1, selector: {}, template: {} };
  const phase = (readyReplicas: number) =>
    observe(seen({ deployment: { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec, status: { readyReplicas } } }), config).phase;
  expect([phase(0), phase(1)]).toEqual(['Starting', 'Ready']);
});

test('a machine that boots anew is said to be getting ready, though its pod was ready all the time', () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } };
  const guest = { metadata: { name: 'm' }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] } };
  // The part of a machine that is read.
  const machine = { supported: true, guest } as unknown as NonNullable<EnvironmentFacts['machine']>;
  const { phase, conditions } = observe(seen({ pod, machine }), config);
  expect(phase).toBe('Running');
  expect(conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
    reason: 'Booting',
    message: expect.stringContaining('machine'),
  });
});
