import { describe, expect, test } from 'vitest';
import { isObject, type JsonObject } from '../json.ts';
import { textAt } from '../json-read.ts';
import { builtInResources } from '../kinds/index.ts';
import type { ResourceInfo, Schema } from '../resource.ts';
import { StatusError } from '../status-error.ts';
import { applyPatch } from './apply-patch.ts';
import { trackUpdate } from './track-update.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const builtIn = builtInResources();

function kind(name: string): ResourceInfo {
  const found = builtIn.find((one) => one.kind === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}

function customKind(spec: Schema): ResourceInfo {
  const schema = { type: 'object', properties: { spec, status: { type: 'object', properties: { ok: { type: 'boolean' } } } } };
  return {
    ...kind('ConfigMap'),
    group: 'labs.example.com',
    kind: 'Canvas',
    custom: true,
    schema,
    resetFields: (subresource) => (subresource === '' ? [['f:status']] : [['f:spec']]),
  };
}

const apiVersionOf = ({ group, version }: ResourceInfo) => (group === '' ? version : `${group}/${version}`);

/** One object that people apply to, as the API would keep it. */
class Subject {
  live: JsonObject | undefined;
  readonly #resource: ResourceInfo;
  readonly #head: JsonObject;

  constructor(resource: ResourceInfo) {
    this.#resource = resource;
    this.#head = { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: { name: 'a' } };
  }

  apply(manager: string, config: JsonObject, options: { force?: boolean; subresource?: string; now?: number } = {}): this {
    this.live = applyPatch({
      live: this.live,
      config: { ...this.#head, ...config },
      manager,
      force: options.force ?? false,
      resource: this.#resource,
      subresource: options.subresource ?? '',
      now: options.now ?? NOW,
    });
    return this;
  }

  update(manager: string, change: (object: JsonObject) => void, now = NOW): this {
    const after = structuredClone(this.live ?? this.#head);
    change(after);
    const apiVersion = apiVersionOf(this.#resource);
    trackUpdate({ before: this.live, after, manager, apiVersion, subresource: '', now, resource: this.#resource });
    this.live = after;
    return this;
  }

  /** `manager operation` to its fields. */
  get owners(): JsonObject {
    const metadata = this.live?.['metadata'];
    const entries = isObject(metadata) ? metadata['managedFields'] : undefined;
    const owners: JsonObject = {};
    for (const entry of Array.isArray(entries) ? entries : []) {
      if (isObject(entry)) owners[`${textAt(entry, 'manager')} ${textAt(entry, 'operation')}`] = entry['fieldsV1'];
    }
    return owners;
  }
}

function conflictOf(act: () => unknown): StatusError {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('two people apply to one object', () => {
  test('a value that somebody else applied is a conflict that names him and the field', () => {
    const map = new Subject(kind('ConfigMap')).apply('one', { data: { k: '1', l: '1' } });
    const error = conflictOf(() => map.apply('two', { data: { k: '2' } }));
    expect(error.code).toBe('Conflict');
    expect(error.message).toBe('Apply failed with 1 conflict: conflict with "one": .data.k');
    expect(error.details?.causes).toEqual([{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.k' }]);
    expect(conflictOf(() => map.apply('two', { data: { k: '2', l: '2' } })).message).toBe(
      'Apply failed with 2 conflicts: conflicts with "one":\n- .data.k\n- .data.l',
    );
  });

  test('the same value is shared, force takes fields over, and what nobody wants any more goes', () => {
    const map = new Subject(kind('ConfigMap')).apply('one', { data: { k: '1', l: '1' } }).apply('two', { data: { k: '1', n: '3' } });
    expect(map.owners).toEqual({
      'one Apply': { 'f:data': { 'f:k': {}, 'f:l': {} } },
      'two Apply': { 'f:data': { 'f:k': {}, 'f:n': {} } },
    });
    map.apply('two', { data: { k: '2', n: '3' } }, { force: true });
    expect(map.owners).toEqual({ 'one Apply': { 'f:data': { 'f:l': {} } }, 'two Apply': { 'f:data': { 'f:k': {}, 'f:n': {} } } });
    map.apply('two', { data: { n: '3', l: '1' } });
    expect(map.live?.['data']).toEqual({ l: '1', n: '3' });
    map.apply('one', { data: {} });
    expect(map.live?.['data']).toEqual({ l: '1', n: '3' });
    expect(map.owners['one Apply']).toEqual({ 'f:data': {} });
  });

  test('who applies nothing any more owns nothing, and what only he had is gone', () => {
    const map = new Subject(kind('ConfigMap')).apply('one', { metadata: { name: 'a', labels: { x: 'y' } }, data: { k: 'v' } });
    expect(map.owners).toEqual({ 'one Apply': { 'f:data': { 'f:k': {} }, 'f:metadata': { 'f:labels': { 'f:x': {} } } } });
    map.apply('one', {});
    expect(map.live).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });
  });

  test('repeating an apply changes nothing, not even its time', () => {
    const map = new Subject(kind('ConfigMap')).apply('one', { data: { k: 'v' } });
    const before = structuredClone(map.live);
    expect(map.apply('one', { data: { k: 'v' } }, { now: NOW + 60_000 }).live).toEqual(before);
  });
});

describe('lists', () => {
  const container = (config: JsonObject) => ({ spec: { template: { spec: { containers: [config] } } } });

  test('items of keyed lists have owners of their own; missing keys take their default', () => {
    const deployment = new Subject(kind('Deployment')).apply('one', container({ name: 'a', image: 'i:1', ports: [{ containerPort: 80 }] }));
    expect(deployment.owners['one Apply']).toEqual({
      'f:spec': {
        'f:template': {
          'f:spec': {
            'f:containers': {
              'k:{"name":"a"}': {
                '.': {},
                'f:image': {},
                'f:name': {},
                'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
              },
            },
          },
        },
      },
    });
    const error = conflictOf(() => deployment.apply('two', container({ name: 'a', image: 'i:2' })));
    expect(error.message).toBe('Apply failed with 1 conflict: conflict with "one": .spec.template.spec.containers[name="a"].image');
  });

  test('a sidecar stands where its owner put it, and goes when he drops it', () => {
    const deployment = new Subject(kind('Deployment')).apply('one', container({ name: 'a', image: 'i:1' }));
    const names = () => JSON.stringify(deployment.live?.['spec']).match(/"name":"(\w+)"/g);
    deployment.apply('two', {
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'side', image: 's' },
              { name: 'a', tty: true },
            ],
          },
        },
      },
    });
    expect(names()).toEqual(['"name":"side"', '"name":"a"']);
    deployment.apply('two', container({ name: 'a', tty: true }));
    expect(names()).toEqual(['"name":"a"']);
  });

  test('an item that is there twice is refused with its key', () => {
    const deployment = new Subject(kind('Deployment'));
    const twice = { spec: { template: { spec: { containers: [{ name: 'a' }, { name: 'a' }] } } } };
    expect(conflictOf(() => deployment.apply('one', twice)).message).toBe(
      'failed to create typed patch object (/a; apps/v1, Kind=Deployment): .spec.template.spec.containers: duplicate entries for key [name="a"]',
    );
  });
});

describe('custom resources', () => {
  const canvas = () =>
    customKind({
      type: 'object',
      properties: {
        atomic: { type: 'array', items: { type: 'string' } },
        set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
        gran: { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'integer' } } },
        whole: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: { type: 'integer' } } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        tags: { type: 'object', additionalProperties: { type: 'string' } },
        n: { type: 'integer' },
      },
    });

  test('free-form maps, sets, atomic parts and tags are owned as their schema says', () => {
    const subject = new Subject(canvas()).apply('one', {
      spec: { atomic: ['a'], set: ['x'], gran: { a: 1 }, whole: { a: 1 }, free: { x: { y: [1] } }, tags: { t: '1' } },
    });
    expect(subject.owners['one Apply']).toEqual({
      'f:spec': {
        'f:atomic': {},
        'f:free': { 'f:x': { '.': {}, 'f:y': {} } },
        'f:gran': { 'f:a': {} },
        'f:set': { 'v:"x"': {} },
        'f:tags': { 'f:t': {} },
        'f:whole': {},
      },
    });
    subject.apply('two', { spec: { set: ['y', 'x'], free: { z: 1 } } });
    expect(subject.live?.['spec']).toMatchObject({ set: ['y', 'x'], free: { x: { y: [1] }, z: 1 } });
    const error = conflictOf(() =>
      subject.apply('two', { spec: { atomic: ['b'], whole: { a: 2 }, free: { x: { y: [2] } }, tags: { t: '9' } } }),
    );
    expect(error.message.split('\n')).toEqual([
      'Apply failed with 4 conflicts: conflicts with "one":',
      '- .spec.atomic',
      '- .spec.whole',
      '- .spec.free.x.y',
      '- .spec.tags.t',
    ]);
  });

  test('status is owned through its own endpoint only', () => {
    const subject = new Subject(canvas())
      .apply('two', { spec: { n: 1 } })
      .apply('ctl', { status: { ok: true } }, { subresource: 'status' });
    subject.apply('two', { spec: { n: 1 }, status: { ok: false } });
    expect(subject.owners).toEqual({ 'two Apply': { 'f:spec': { 'f:n': {} } }, 'ctl Apply': { 'f:status': { 'f:ok': {} } } });
  });

  test('what the schema does not know, or knows as another type, is refused', () => {
    const message = (spec: JsonObject) => conflictOf(() => new Subject(canvas()).apply('two', { spec })).message;
    expect(message({ what: 1 })).toContain('(/a; labs.example.com/v1, Kind=Canvas): .spec.what: field not declared in schema');
    expect(message({ n: 'one' })).toContain('.spec.n: expected numeric (int or float), got string');
    expect(message({ set: ['d', 'd'] })).toContain('.spec.set: duplicate entries for key [="d"]');
  });
});

describe('apply beside plain updates', () => {
  const data = (object: JsonObject, values: JsonObject) => (object['data'] = values);

  test('a plain update owns what it changed and takes it from everybody', () => {
    const map = new Subject(kind('ConfigMap')).update('creator', (object) => data(object, { k: '1', l: '1' }));
    expect(map.owners).toEqual({ 'creator Update': { 'f:data': { '.': {}, 'f:k': {}, 'f:l': {} } } });
    expect(conflictOf(() => map.apply('one', { data: { k: '2' } })).message).toBe(
      'Apply failed with 1 conflict: conflict with "creator" using v1: .data.k',
    );
    map.apply('one', { data: { k: '1' } }).update('editor', (object) => data(object, { k: '9', l: '1' }));
    expect(map.owners).toEqual({ 'creator Update': { 'f:data': { '.': {}, 'f:l': {} } }, 'editor Update': { 'f:data': { 'f:k': {} } } });
    map.update('editor', (object) => data(object, { l: '1' }));
    expect(map.owners).toEqual({ 'creator Update': { 'f:data': { '.': {}, 'f:l': {} } } });
  });

  test('an object without owners gets one for all of it before the first apply', () => {
    const map = new Subject(kind('ConfigMap'));
    map.live = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { l: '1' } };
    map.update('editor', (object) => data(object, { l: '2' }));
    expect(map.owners).toEqual({});
    map.apply('late', { data: { l: '2', fresh: '1' } });
    expect(map.owners).toEqual({
      'before-first-apply Update': { 'f:data': { '.': {}, 'f:l': {} } },
      'late Apply': { 'f:data': { 'f:fresh': {}, 'f:l': {} } },
    });
  });

  test('an empty managedFields list resets ownership', () => {
    const map = new Subject(kind('ConfigMap')).update('creator', (object) => data(object, { k: '1' }));
    map.update('creator', (object) => (object['metadata'] = { name: 'a', managedFields: [{}] }));
    expect(map.owners).toEqual({});
  });

  test('of more than ten updaters the oldest become one entry', () => {
    const map = new Subject(kind('ConfigMap'));
    for (let i = 0; i < 15; i++)
      map.update(`m${i}`, (object) => data(object, { ...(object['data'] as JsonObject | undefined), [`k${i}`]: 'v' }), NOW + i * 1000);
    expect(Object.keys(map.owners)).toHaveLength(10);
    expect(map.owners['ancient-changes Update']).toMatchObject({ 'f:data': { 'f:k0': {}, 'f:k5': {} } });
    expect(map.owners['m14 Update']).toEqual({ 'f:data': { 'f:k14': {} } });
  });

  test('kubectl takes over what its client-side apply wrote, but not what somebody changed since', () => {
    const applied = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { k: '1', l: '1' } });
    const map = new Subject(kind('ConfigMap')).update('kubectl-client-side-apply', (object) => {
      object['metadata'] = { name: 'a', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': applied } };
      data(object, { k: '1', l: '1' });
    });
    map.apply('kubectl', { data: { k: '2', l: '1' } });
    expect(map.live?.['data']).toEqual({ k: '2', l: '1' });
    expect(JSON.stringify(map.live?.['metadata'])).toContain(String.raw`\"k\":\"2\"`);
    map.update('editor', (object) => data(object, { k: '2', l: '7' }));
    expect(conflictOf(() => map.apply('kubectl', { data: { k: '2', l: '1' } })).message).toContain(
      'conflict with "editor" using v1: .data.l',
    );
  });
});

test('an applied Scale owns the replicas of the object that it scales', () => {
  const deployment = new Subject(kind('Deployment')).apply('owner', { spec: { replicas: 1 } });
  const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'a' }, spec: { replicas: 5 } };
  expect(conflictOf(() => deployment.apply('hpa', scale, { subresource: 'scale' })).message).toBe(
    'Apply failed with 1 conflict: conflict with "owner": .spec.replicas',
  );
  deployment.apply('hpa', scale, { subresource: 'scale', force: true });
  expect(deployment.live).toMatchObject({ kind: 'Deployment', spec: { replicas: 5 } });
  expect(deployment.owners).toEqual({ 'hpa Apply': { 'f:spec': { 'f:replicas': {} } } });
});
