import {
  customResourceDefinitions,
  events,
  NETWORKS_ANNOTATION,
  type NetworkAttachment,
  networkAttachments,
  pods,
} from '@crownlabs/client';
import { fakeRuntime, type PodSpec } from '@crownlabs/runtime';
import { hasCode } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { is, labOver, NAMESPACE, NODE } from './lab.test-support.ts';
import type { Pod } from './pod.ts';
import { segmentsOf } from './segments.ts';

const network = (name: string, config: unknown): NetworkAttachment => ({
  apiVersion: 'k8s.cni.cncf.io/v1',
  kind: 'NetworkAttachmentDefinition',
  metadata: { name, namespace: NAMESPACE },
  spec: { config: typeof config === 'string' ? config : JSON.stringify(config) },
});
const bridge = (segment: string, more: object = {}) => ({ cniVersion: '1.0.0', name: 'any', type: 'bridge', bridge: segment, ...more });
const lan = network('lan', bridge('wire1', { ipam: {}, isGateway: false }));

function podWith(annotation: string | undefined): Pod {
  const annotations = annotation === undefined ? {} : { [NETWORKS_ANNOTATION]: annotation };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'desk', namespace: NAMESPACE, annotations } };
}

function resolve(annotation: string | undefined, ...known: readonly NetworkAttachment[]) {
  return segmentsOf(podWith(annotation), (name) => Promise.resolve(known.find(({ metadata }) => metadata.name === name)));
}
const on = (segment: string, device: string) => ({ segment, device, owner: 1010 });

test('networks are asked for in JSON or in short, each of the own namespace, with a name of their interface or without', async () => {
  const dmz = network('dmz', bridge('wire2'));
  const json = JSON.stringify([{ name: 'lan', namespace: NAMESPACE, interface: 'lab0' }, { name: 'dmz' }]);
  expect(await resolve(json, lan, dmz)).toEqual([on('wire1', 'lab0'), on('wire2', 'net2')]);
  expect(await resolve(`lan, ${NAMESPACE}/dmz@lab0`, lan, dmz)).toEqual([on('wire1', 'net1'), on('wire2', 'lab0')]);
  expect(await resolve('lan,lan', lan)).toEqual([on('wire1', 'net1'), on('wire1', 'net2')]);
});

test('nothing is looked up for a pod that asks for nothing', async () => {
  const find = () => Promise.reject(new Error('asked'));
  expect(await segmentsOf(podWith(undefined), find)).toEqual([]);
  expect(await segmentsOf(podWith(' '), find)).toEqual([]);
});

test.each([
  ['tenant-eve/lan', /must be of the pod's own namespace, tenant-ada/],
  ['lan@eth0', /another interface eth0/],
  ['lan@a,lan@a', /another interface a:/],
  ['lan@lo', /no interface can be called "lo"/],
  ['lan@a-very-long-name', /no interface can be called/],
  ['a/b/c', /is not written as/],
  ['{"name":"lan"}', /no list in JSON/],
  ['["lan"]', /each network is an object/],
  ['[{"name":"lan","mac":"02:00:00:00:00:01"}]', /mac is not realised/],
  ['[{"interface":"net1"}]', /needs the name/],
  [Array.from({ length: 9 }, () => 'lan').join(), /8 networks at most/],
  ['wan', /There is no NetworkAttachmentDefinition wan in namespace tenant-ada/],
])('what cannot be had is refused in words: %s', async (annotation, words) => {
  await expect(resolve(annotation, lan)).rejects.toThrow(words);
});

test.each([
  ['nothing', '', /no object in JSON/],
  ['a list', '[]', /no object in JSON/],
  ['plugins', { name: 'x', plugins: [bridge('wire1')] }, /plugins is not realised here: write one plugin/],
  ['another type', { type: 'macvlan' }, /type "macvlan" is not realised here: write "type": "bridge"/],
  ['addresses', bridge('wire1', { ipam: { type: 'host-local' } }), /ipam is not realised here: guests choose/],
  ['a gateway', bridge('wire1', { isGateway: true }), /isGateway is not realised here: a segment leads/],
  ['a VLAN', bridge('wire1', { vlan: 100 }), /vlan is not realised here: give each network/],
  ['a longer frame', bridge('wire1', { mtu: 9000 }), /mtu is not realised here: leave it out/],
  ['no bridge', { type: 'bridge' }, /bridge must name the segment/],
  ['a bridge that no kernel knows', bridge('../../etc'), /bridge must name the segment/],
])('of a network, only a wire is realised, not %s', async (_what, config, words) => {
  await expect(resolve('lan', network('lan', config))).rejects.toThrow(words);
});

test('a pod is put on its networks once they are there, and it is told until then what is missing', async () => {
  const runtime = fakeRuntime();
  const made: PodSpec[] = [];
  const createPod = runtime.createPod.bind(runtime);
  runtime.createPod = (spec, signal) => {
    made.push(spec);
    return createPod(spec, signal);
  };
  const lab = await labOver(runtime);
  try {
    await lab.client.apply(customResourceDefinitions, NETWORKS_CRD, { force: true });
    await lab.client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...podWith('lan').metadata },
      spec: { nodeName: NODE, securityContext: { runAsUser: 77 }, containers: [{ name: 'emulator', image: 'a:1' }] },
    });
    await lab.pod('plain');
    await lab.until('plain', is('Ready'));
    const reasons = async () =>
      (await lab.client.list(events, { namespace: NAMESPACE })).items.map(({ reason, message = '' }) => `${reason} ${message}`);
    await expect
      .poll(reasons, { timeout: 5_000 })
      .toContainEqual(expect.stringMatching(/^FailedCreatePodSandBox There is no NetworkAttachmentDefinition lan/));
    const create = () =>
      lab.client.create(networkAttachments, { ...lan, metadata: { ...lan.metadata } }).then(
        () => true,
        (error: unknown) => !hasCode(error, 'NotFound'),
      );
    await expect.poll(create, { timeout: 5_000 }).toBe(true);
    await lab.until('desk', is('Ready'));
    expect(made.find(({ name }) => name === 'desk')?.segments).toEqual([{ segment: 'wire1', device: 'net1', owner: 77 }]);
    expect(made.find(({ name }) => name === 'plain')).not.toHaveProperty('segments');
    // A node that starts again leaves it where it is, whatever became of its networks.
    await lab.stop();
    await lab.client.delete(networkAttachments, 'lan', NAMESPACE);
    await lab.restart();
    runtime.crash('desk', 'emulator', 1);
    await lab.until('desk', (pod) => pod?.status?.containerStatuses?.[0]?.restartCount === 1 && is('Ready')(pod));
  } finally {
    await lab.end();
  }
});

const NETWORKS_CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'network-attachment-definitions.k8s.cni.cncf.io' },
  spec: {
    group: 'k8s.cni.cncf.io',
    scope: 'Namespaced',
    names: { plural: 'network-attachment-definitions', kind: 'NetworkAttachmentDefinition' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};
