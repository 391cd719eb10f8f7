import { type Instance, instances, templates, tenants, workspaces } from '@crownlabs/api';
import { configMaps, events, informer, namespaces, networkPolicies, services } from '@crownlabs/client';
import { environment, eventually, instance, startTestLab, type TestLab, template, tenant, workspace } from '@crownlabs/testkit';
import { describe, expect, test } from 'vitest';
import { allocate, faultOf, type Holding, type PublicPort } from './allocate.ts';
import { METALLB } from './config.ts';
import { ExposureLedger } from './ledger.ts';
import { poolAddresses } from './pool.ts';

const NS = 'tenant-ada';
const OF = { workspace: 'net', template: 'server' };
const publicExposure = { ...METALLB, addresses: ['203.0.113.8-203.0.113.9'] };

const port = (name: string, outside: number, targetPort: number, protocol: PublicPort['protocol'] = 'TCP'): PublicPort => ({
  name,
  port: outside,
  targetPort,
  protocol,
});
const WISH = { publicExposure: { ports: [port('http', 0, 80), port('ssh', 2222, 22)] } };

async function course(lab: TestLab, { environments = [environment('server')], allowed = true } = {}): Promise<void> {
  await lab.admin.create(workspaces, workspace('net', { quota: { cpu: 50, memory: '50G', instances: 10 } }));
  await lab.admin.create(tenants, tenant('ada', { net: 'user' }));
  await eventually(() => Promise.all([lab.admin.get(namespaces, NS), lab.admin.get(namespaces, 'workspace-net')]));
  const of = template('net', 'server', environments);
  await lab.admin.create(templates, { ...of, spec: { ...of.spec, allowPublicExposure: allowed } });
}

const start = (lab: TestLab, name: string, spec: Partial<Instance['spec']> = WISH) =>
  lab.admin.create(instances, instance('ada', name, OF, spec));

const exposure = (lab: TestLab, name: string, phase: string) =>
  eventually(async () => {
    const { status } = await lab.admin.get(instances, name, NS);
    expect(status?.publicExposure?.phase).toBe(phase);
    return { ...status?.publicExposure, conditions: status?.conditions ?? [] };
  });

const answer = (lab: TestLab, name: string, ip: string) =>
  lab.admin.patch(services, `${name}-pe`, NS, { status: { loadBalancer: { ingress: [{ ip }] } } }, { subresource: 'status' });

describe('8.1.16: ports of an instance are opened to the Internet', () => {
  test('[BUG] 2.3: with a Service, a policy and a status that follows the load balancer by itself; a stop takes it all away', async () => {
    await using lab = await startTestLab({ config: { publicExposure } });
    await course(lab);
    await start(lab, 'one');
    const waiting = await exposure(lab, 'one', 'Provisioning');
    expect(waiting.message).toBe('waiting for LoadBalancer IP');
    const service = await lab.admin.get(services, 'one-pe', NS);
    expect(service.metadata.labels).toMatchObject({ 'crownlabs.polito.it/component': 'pe', 'crownlabs.polito.it/managed-by': 'instance' });
    expect(service.metadata.annotations).toMatchObject({
      'metallb.universe.tf/loadBalancerIPs': '203.0.113.8',
      'metallb.universe.tf/allow-shared-ip': 'pe',
    });
    expect(service.spec).toMatchObject({
      type: 'LoadBalancer',
      selector: {
        'crownlabs.polito.it/instance': 'one',
        'crownlabs.polito.it/template': 'server',
        'crownlabs.polito.it/tenant': 'ada',
      },
      ports: [
        { name: 'http', port: 49_152, targetPort: 80, protocol: 'TCP' },
        { name: 'ssh', port: 2222, targetPort: 22, protocol: 'TCP' },
      ],
    });
    const policy = await lab.admin.get(networkPolicies, 'crownlabs-allow-publicexposure-ingress-traffic-one', NS);
    expect(policy.spec).toEqual({
      podSelector: { matchLabels: { 'crownlabs.polito.it/instance': 'one' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          ports: [
            { port: 80, protocol: 'TCP' },
            { port: 22, protocol: 'TCP' },
          ],
        },
      ],
    });
    await answer(lab, 'one', '203.0.113.8');
    const ready = await exposure(lab, 'one', 'Ready');
    expect(ready).toMatchObject({ externalIP: '203.0.113.8', ports: [{ port: 49_152 }, { port: 2222 }] });
    expect(ready.conditions.find(({ type }) => type === 'PubliclyExposed')).toMatchObject({ status: 'True', reason: 'Exposed' });
    await lab.admin.patch(instances, 'one', NS, { spec: { running: false } });
    await eventually(async () => {
      expect(await lab.admin.find(services, 'one-pe', NS)).toBeUndefined();
      expect(await lab.admin.find(networkPolicies, policy.metadata.name, NS)).toBeUndefined();
      expect((await lab.admin.get(instances, 'one', NS)).status).not.toHaveProperty('publicExposure');
    });
  });

  test('a second one that asks for the same port gets the next address, a third waits until one of them goes', async () => {
    await using lab = await startTestLab({ config: { publicExposure } });
    await course(lab);
    await start(lab, 'one');
    await exposure(lab, 'one', 'Provisioning');
    await start(lab, 'two');
    expect(await exposure(lab, 'two', 'Provisioning')).toMatchObject({ externalIP: '203.0.113.9' });
    await start(lab, 'three');
    const full = await exposure(lab, 'three', 'Error');
    expect(full.message).toContain('No public address');
    await lab.admin.delete(instances, 'one', NS);
    expect(await exposure(lab, 'three', 'Provisioning')).toMatchObject({ externalIP: '203.0.113.8' });
  });

  test('many at once get ports that no other has', async () => {
    await using lab = await startTestLab({ config: { publicExposure } });
    await course(lab);
    const names = Array.from({ length: 8 }, (_, i) => `i${i}`);
    await Promise.all(names.map((name) => start(lab, name, { publicExposure: { ports: [port('http', 0, 80)] } })));
    const given = await Promise.all(names.map((name) => exposure(lab, name, 'Provisioning')));
    const ports = given.map(({ ports: list }) => list?.[0]?.port ?? 0);
    expect(ports.toSorted((a, b) => a - b)).toEqual(names.map((_, i) => 49_152 + i));
    expect(new Set(given.map(({ externalIP }) => externalIP))).toEqual(new Set(['203.0.113.8']));
  });

  test('two environments are refused with an Event', async () => {
    await using lab = await startTestLab({ config: { publicExposure } });
    await course(lab, { environments: [environment('one'), environment('two')] });
    await start(lab, 'both');
    await exposure(lab, 'both', 'Error');
    await eventually(async () => {
      const told = (await lab.admin.list(events, { namespace: NS })).items.map(({ reason }) => reason);
      expect(told).toContain('PublicExposureMultipleEnvironments');
    });
    expect(await lab.admin.find(services, 'both-pe', NS)).toBeUndefined();
  });

  test('a template that does not allow it is obeyed, and wishes that cannot be are said in words', async () => {
    await using lab = await startTestLab({ config: { publicExposure } });
    await course(lab);
    await start(lab, 'one', { publicExposure: { ports: [port('a', 443, 443)] } });
    expect((await exposure(lab, 'one', 'Error')).message).toContain('reserved');
    await lab.admin.patch(templates, 'server', 'workspace-net', { spec: { allowPublicExposure: false } });
    await eventually(async () => expect((await exposure(lab, 'one', 'Error')).message).toContain('does not let ports be opened'));
    expect(await lab.admin.find(services, 'one-pe', NS)).toBeUndefined();
  });
});

test('a home without public addresses says so, and writes no Service', async () => {
  await using lab = await startTestLab();
  await course(lab);
  await start(lab, 'one');
  const { conditions, message } = await exposure(lab, 'one', 'Error');
  expect(message).toContain('has no public addresses');
  expect(conditions.find(({ type }) => type === 'PublicExposureSupported')).toMatchObject({ status: 'False' });
  expect(await lab.admin.find(services, 'one-pe', NS)).toBeUndefined();
});

test('[BUG] 2.3: a second look writes nothing; what was changed by hand, labels as well, is put right; a lost ledger is written anew', async () => {
  await using lab = await startTestLab({ config: { publicExposure } });
  await course(lab);
  await start(lab, 'one');
  await exposure(lab, 'one', 'Provisioning');
  await answer(lab, 'one', '203.0.113.8');
  await exposure(lab, 'one', 'Ready');
  await lab.settled();
  const before = lab.api.store.revision;
  await lab.admin.patch(instances, 'one', NS, { metadata: { annotations: { looked: 'at' } } });
  await lab.settled();
  expect(lab.api.store.revision).toBe(before + 1);
  await lab.admin.patch(services, 'one-pe', NS, {
    metadata: { annotations: { 'metallb.universe.tf/loadBalancerIPs': '198.51.100.1' }, labels: { 'crownlabs.polito.it/tenant': 'eve' } },
  });
  await lab.admin.delete(networkPolicies, 'crownlabs-allow-publicexposure-ingress-traffic-one', NS);
  await lab.admin.delete(configMaps, 'crownlabs-public-exposure', 'crownlabs-system');
  await eventually(async () => {
    const { metadata } = await lab.admin.get(services, 'one-pe', NS);
    expect(metadata.annotations?.['metallb.universe.tf/loadBalancerIPs']).toBe('203.0.113.8');
    expect(metadata.labels?.['crownlabs.polito.it/tenant']).toBe('ada');
    await lab.admin.get(networkPolicies, 'crownlabs-allow-publicexposure-ingress-traffic-one', NS);
    const { data = {} } = await lab.admin.get(configMaps, 'crownlabs-public-exposure', 'crownlabs-system');
    expect(JSON.parse(data['tenant-ada.one'] ?? '')).toMatchObject({ ip: '203.0.113.8' });
  });
});

describe('an address and ports', () => {
  const addresses = ['192.0.2.1', '192.0.2.2'];
  const rules = METALLB;
  const give = (wish: PublicPort[], others: Holding[] = [], current?: Holding) => allocate(wish, { addresses, rules }, { current, others });

  test('[BUG] 2.3: TCP and UDP are two ports', () => {
    const others = [{ ip: '192.0.2.1', ports: [port('dns', 5300, 53)] }];
    expect(give([port('dns', 5300, 53, 'UDP')], others)?.ip).toBe('192.0.2.1');
    expect(give([port('dns', 5300, 53)], others)?.ip).toBe('192.0.2.2');
    expect(faultOf([port('a', 5300, 53), port('b', 5300, 53, 'UDP')], rules)).toBeUndefined();
  });

  test('[BUG] 2.3: is not asked for twice, nor below the ports of people', () => {
    expect(faultOf([port('a', 0, 80), port('b', 0, 80)], rules)).toContain('named twice');
    expect(faultOf([port('a', 2222, 80), port('b', 2222, 81)], rules)).toContain('asked for twice');
    expect(faultOf([port('a', 0, 80), port('a', 0, 81)], rules)).toContain('two ports are called a');
    expect(faultOf([port('a', 8080, 80)], { ...rules, reservedPorts: [8080] })).toContain('reserved');
    expect(
      faultOf(
        Array.from({ length: 33 }, (_, i) => port(`p${i}`, 0, 80 + i)),
        rules,
      ),
    ).toContain('more than 32');
  });

  test('what it has stays, also where a lower one became free', () => {
    const current = { ip: '192.0.2.2', ports: [port('a', 49_160, 80)] };
    expect(give([port('a', 0, 80), port('b', 0, 81)], [], current)).toEqual({
      ip: '192.0.2.2',
      ports: [port('a', 49_160, 80), port('b', 49_152, 81)],
    });
  });

  test('an address that is in use is taken before one that is not; one that left the pool is given up', () => {
    const others = [{ ip: '192.0.2.2', ports: [port('a', 2222, 22)] }];
    expect(give([port('a', 0, 80)], others)?.ip).toBe('192.0.2.2');
    expect(give([port('a', 0, 80)], [], { ip: '198.51.100.7', ports: [] })?.ip).toBe('192.0.2.1');
  });
});

test('a pool is read from addresses, ranges and networks, each address once', () => {
  expect(poolAddresses(['10.0.0.9', '10.0.0.2-10.0.0.3', '10.0.0.9/31', '2001:db8::/127'])).toEqual([
    '10.0.0.2',
    '10.0.0.3',
    '10.0.0.8',
    '10.0.0.9',
    '2001:db8::',
    '2001:db8::1',
  ]);
  for (const wrong of ['10.0.0.3-10.0.0.2', '10.0.0', 'example.org', '10.0.0.1-2001:db8::1', '10.0.0.0/8']) {
    expect(() => poolAddresses([wrong])).toThrow(wrong);
  }
});

test('[BUG] 2.3: two operators that do not know of each other never give one port twice', async () => {
  await using lab = await startTestLab();
  const stop = new AbortController();
  const ledgers = [0, 1].map(() => {
    const client = lab.room('operators');
    return new ExposureLedger(client, informer(client, configMaps, { labelSelector: 'crownlabs.polito.it/managed-by' }, stop.signal));
  });
  const names = Array.from({ length: 30 }, (_, i) => `i${i}`);
  const open = new Map(names.map((name): [string, Holding] => [`${NS}.${name}`, { ip: '', ports: [] }]));
  const ask = async (name: string, i: number) =>
    ledgers[i % 2]?.reserve({ namespace: NS, name }, open, (has) =>
      allocate([port('a', 0, 80)], { addresses: ['192.0.2.1'], rules: METALLB }, has),
    );
  const given = await Promise.all(names.map(ask));
  stop.abort();
  expect(new Set(given.map((it) => it?.ports[0]?.port)).size).toBe(names.length);
});
