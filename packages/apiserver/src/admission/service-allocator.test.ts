import { expect, test } from 'vitest';
import { admissionCall, resourceInfo } from '../fakes/admission-call.ts';
import { objectReader } from '../fakes/object-reader.ts';
import { startTestApi } from '../fakes/test-api.ts';
import type { JsonObject } from '../json.ts';
import { objectsAt, textAt } from '../json-read.ts';
import { serviceAllocator } from './service-allocator.ts';

const resource = resourceInfo({ kind: 'Service', plural: 'services' });

function lab() {
  const reader = objectReader();
  const allocator = serviceAllocator(reader, { cidr: '10.0.0.0/29' });
  function write(name: string, spec: JsonObject, how: { old?: JsonObject; dryRun?: boolean; fails?: boolean } = {}): JsonObject {
    const settled: ((persisted: boolean) => void)[] = [];
    const object: JsonObject = { metadata: { name, namespace: 'n' }, spec: structuredClone(spec) };
    const operation = how.old ? 'UPDATE' : 'CREATE';
    const call = {
      operation,
      old: how.old,
      dryRun: how.dryRun ?? false,
      settled: (callback: (persisted: boolean) => void) => void settled.push(callback),
    } as const;
    void allocator.mutate?.(admissionCall({ resource, namespace: 'n', name, object, ...call }));
    if (!how.fails && !how.dryRun) reader.put(resource.storage, object);
    for (const callback of settled) callback(!how.fails);
    return object;
  }
  return { reader, write };
}

const port = { port: 80, protocol: 'TCP' };

test('each service gets an address of its own until there are none left', () => {
  const { write } = lab();
  const addresses = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => textAt(write(name, { ports: [port] }), 'spec', 'clusterIP'));
  expect(new Set(addresses).size).toBe(6);
  expect(addresses.every((address) => /^10\.0\.0\.[1-6]$/.test(address))).toBe(true);
  expect(() => write('g', { ports: [port] })).toThrow('range is full');
});

test('an address that another service has is refused, and comes back with its deletion', () => {
  const { reader, write } = lab();
  write('a', { clusterIP: '10.0.0.3', ports: [port] });
  expect(() => write('b', { clusterIP: '10.0.0.3', ports: [port] })).toThrow(
    'spec.clusterIPs: Invalid value: ["10.0.0.3"]: failed to allocate IP 10.0.0.3: provided IP is already allocated',
  );
  reader.remove(resource.storage, 'a', 'n');
  expect(textAt(write('b', { clusterIP: '10.0.0.3', ports: [port] }), 'spec', 'clusterIP')).toBe('10.0.0.3');
});

test('who has an address and asks for the address of another is left to the validation, which says that it may not change', () => {
  const { write } = lab();
  const first = write('a', { clusterIP: '10.0.0.3', ports: [port] });
  write('b', { clusterIP: '10.0.0.4', ports: [port] });
  const changed = write('a', { clusterIP: '10.0.0.4', clusterIPs: ['10.0.0.4'], ports: [port] }, { old: first, fails: true });
  expect(textAt(changed, 'spec', 'clusterIP')).toBe('10.0.0.4');
});

test('a write that fails and a dry run hold nothing', () => {
  const { write } = lab();
  write('a', { clusterIP: '10.0.0.3', ports: [port] }, { fails: true });
  write('b', { clusterIP: '10.0.0.3', ports: [port] }, { dryRun: true });
  expect(textAt(write('c', { clusterIP: '10.0.0.3', ports: [port] }), 'spec', 'clusterIP')).toBe('10.0.0.3');
});

test('a PUT without the address keeps it, and a change of type gives node ports and takes them', () => {
  const { write } = lab();
  const first = write('a', { type: 'ClusterIP', ports: [port] });
  const open = write('a', { type: 'NodePort', ports: [port] }, { old: first });
  expect(textAt(open, 'spec', 'clusterIP')).toBe(textAt(first, 'spec', 'clusterIP'));
  expect(objectsAt(open, 'spec', 'ports')[0]?.['nodePort']).toBeGreaterThan(29_999);
  const closed = write('a', { type: 'ClusterIP', ports: objectsAt(open, 'spec', 'ports') }, { old: open });
  expect(objectsAt(closed, 'spec', 'ports')).toEqual([port]);
});

test('a headless service without a selector speaks for both families', () => {
  expect(lab().write('h', { clusterIP: 'None', ports: [port] })['spec']).toMatchObject({
    clusterIPs: ['None'],
    ipFamilies: ['IPv4', 'IPv6'],
    ipFamilyPolicy: 'RequireDualStack',
  });
});

test('two families are refused where there is one range', async () => {
  await using api = await startTestApi();
  const refusal = async (spec: object) => {
    const body = { metadata: { generateName: 's-' }, spec: { ports: [{ port: 80 }], selector: { a: 'b' }, ...spec } };
    const { status, body: answer } = await api.send('POST', '/api/v1/namespaces/default/services', body);
    return status === 422 ? answer.message.replace(/^.*is invalid: /, '') : status;
  };
  expect(await refusal({ ipFamilyPolicy: 'RequireDualStack' })).toBe(
    'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
  );
  expect(await refusal({ ipFamilies: ['IPv6'] })).toBe('spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster');
  expect(await refusal({ clusterIP: 'None', selector: null })).toBe(201);
  expect(await refusal({ ports: [{ port: 80, nodePort: 30_001 }] })).toBe(
    "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
  );
});
