import { describe, expect, test } from 'vitest';
import type { AdmissionCall } from '../call.ts';
import { admissionCall, resourceInfo } from '../fakes/admission-call.ts';
import { objectReader } from '../fakes/object-reader.ts';
import type { JsonObject } from '../json.ts';
import { resourceQuota } from './resource-quota.ts';

const kinds = {
  pods: resourceInfo({ kind: 'Pod', plural: 'pods' }),
  secrets: resourceInfo({ kind: 'Secret', plural: 'secrets' }),
  seats: resourceInfo({ kind: 'Seat', plural: 'seats', group: 'labs.example.com' }),
};

function lab(hard: Record<string, string>) {
  const reader = objectReader();
  reader.put({ group: '', plural: 'resourcequotas' }, { metadata: { name: 'q', namespace: 'n' }, spec: { hard } });
  const plugin = resourceQuota(reader);
  let uid = 0;
  /** Asks for leave; the answer commits or gives up. */
  function create(plural: keyof typeof kinds, name: string, more: JsonObject = {}, of: Partial<AdmissionCall> = {}) {
    const resource = kinds[plural];
    uid += 1;
    const object: JsonObject = { metadata: { name, namespace: 'n', uid: `u${uid}` }, ...more };
    const settled: ((persisted: boolean) => void)[] = [];
    void plugin.validate?.(
      admissionCall({ resource, namespace: 'n', name, object, settled: (callback) => void settled.push(callback), ...of }),
    );
    const settle = (persisted: boolean) => {
      if (persisted) reader.put(resource.storage, object);
      for (const callback of settled) callback(persisted);
    };
    return { settle, object };
  }
  return { reader, create };
}

const pod = (requests: JsonObject, limits: JsonObject): JsonObject => ({
  spec: { containers: [{ name: 'c', resources: { requests, limits } }] },
});

describe('a quota that counts', () => {
  test('refuses one too many, with the figures', () => {
    const { create } = lab({ secrets: '1' });
    create('secrets', 'a').settle(true);
    expect(() => create('secrets', 'b')).toThrow(
      'secrets "b" is forbidden: exceeded quota: q, requested: secrets=1, used: secrets=1, limited: secrets=1',
    );
  });

  test('counts custom resources by their full name', () => {
    const { create } = lab({ 'count/seats.labs.example.com': '1' });
    create('seats', 'a').settle(true);
    expect(() => create('seats', 'b')).toThrow('requested: count/seats.labs.example.com=1');
  });

  test('lets only one of two in that come at the same moment, and the other when the first gave up', () => {
    const { create } = lab({ secrets: '1' });
    const first = create('secrets', 'a');
    expect(() => create('secrets', 'b')).toThrow('exceeded quota');
    first.settle(false);
    create('secrets', 'b').settle(true);
  });

  test('does not count an object twice between its commit and the end of its request', () => {
    const { reader, create } = lab({ secrets: '2' });
    const first = create('secrets', 'a');
    reader.put(kinds.secrets.storage, first.object);
    expect(() => create('secrets', 'b')).not.toThrow();
  });

  test('holds nothing for a dry run', () => {
    const { create } = lab({ secrets: '1' });
    create('secrets', 'a', {}, { dryRun: true });
    expect(() => create('secrets', 'b')).not.toThrow();
  });
});

describe('a quota of compute resources', () => {
  const hard = { 'limits.cpu': '2', 'requests.cpu': '1', 'requests.memory': '512Mi', pods: '2' };

  test('wants each container to say what it needs', () => {
    const { create } = lab({ ...hard, 'limits.memory': '1Gi' });
    expect(() => create('pods', 'p', pod({ cpu: '100m' }, { cpu: '200m' }))).toThrow(
      'pods "p" is forbidden: failed quota: q: must specify limits.memory for: c; requests.memory for: c',
    );
  });

  test('adds up pods and names only what is exceeded', () => {
    const { create } = lab(hard);
    create('pods', 'p1', pod({ cpu: '500m', memory: '256Mi' }, { cpu: '1500m' })).settle(true);
    create('pods', 'p2', pod({ cpu: '500m', memory: '128Mi' }, { cpu: '500m' })).settle(true);
    expect(() => create('pods', 'p3', pod({ cpu: '1m', memory: '1Mi' }, { cpu: '1m' }))).toThrow(
      'exceeded quota: q, requested: limits.cpu=1m,pods=1,requests.cpu=1m, used: limits.cpu=2,pods=2,requests.cpu=1, limited: limits.cpu=2,pods=2,requests.cpu=1',
    );
  });

  test('does not count pods that have finished', () => {
    const { reader, create } = lab(hard);
    const first = create('pods', 'p1', pod({ cpu: '1', memory: '1Mi' }, { cpu: '2' }));
    first.settle(true);
    reader.put(kinds.pods.storage, { ...first.object, status: { phase: 'Succeeded' } });
    expect(() => create('pods', 'p2', pod({ cpu: '1', memory: '1Mi' }, { cpu: '2' }))).not.toThrow();
  });
});
