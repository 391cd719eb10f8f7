import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../json.ts';
import type { ResourceInfo } from '../resource.ts';
import { builtInResources } from './index.ts';

const resources = builtInResources();
const context = { user: { username: 'ada', groups: [] }, now: Date.UTC(2026, 0, 2), subresource: '', warn: () => undefined };

function find(kind: string, version = ''): ResourceInfo {
  const found = resources.find((one) => one.kind === kind && (version === '' || `${one.group}/${one.version}` === version));
  if (!found) throw new Error(`${kind} is not served`);
  return found;
}

/** The object as a create would store it. */
function created(kind: string, body: JsonObject): JsonObject {
  const info = find(kind);
  const object: JsonObject = { metadata: { name: 'x', uid: 'u-1' }, ...structuredClone(body) };
  info.prune(object, () => undefined);
  info.applyDefaults(object);
  info.prepare(object, undefined, context);
  return object;
}

function problems(kind: string, body: JsonObject): string[] {
  const object = created(kind, body);
  return find(kind)
    .validate(object, undefined, context)
    .map((one) => `${one.field}: ${one.message}`)
    .toSorted();
}

function changeProblems(kind: string, body: JsonObject, change: (object: JsonObject) => void): string[] {
  const old = created(kind, body);
  const object = structuredClone(old);
  change(object);
  const info = find(kind);
  info.prune(object, () => undefined);
  info.applyDefaults(object);
  info.prepare(object, old, context);
  return info.validate(object, old, context).map((one) => `${one.field}: ${one.message}`);
}

function cells(kind: string, object: JsonObject): unknown[] {
  return find(kind).columns.map((column) => column.cell?.(object, context.now) ?? null);
}

const containers = [{ name: 'c', image: 'registry.invalid/img:1' }];
const template = (labels: JsonObject) => ({ metadata: { labels }, spec: { containers } });
const deployment = (more: JsonObject = {}) => ({
  spec: { selector: { matchLabels: { app: 'd' } }, template: template({ app: 'd' }), ...more },
});

describe('defaults', () => {
  test('a deployment is filled in down to its containers', () => {
    expect(created('Deployment', deployment())).toMatchObject({
      spec: {
        replicas: 1,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
        template: {
          spec: {
            restartPolicy: 'Always',
            dnsPolicy: 'ClusterFirst',
            containers: [
              { imagePullPolicy: 'IfNotPresent', terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' },
            ],
          },
        },
      },
      status: {},
    });
  });

  test('a pod requests what it is limited to, and is guaranteed it', () => {
    const pod = created('Pod', { spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: '1', memory: '1Gi' } } }] } });
    expect(pod).toMatchObject({
      spec: { containers: [{ imagePullPolicy: 'Always', resources: { requests: { cpu: '1', memory: '1Gi' } } }] },
      status: { phase: 'Pending', qosClass: 'Guaranteed' },
    });
    expect(created('Pod', { spec: { containers } })).toMatchObject({ status: { qosClass: 'BestEffort' } });
  });

  test('a job knows its pods by its uid', () => {
    expect(created('Job', { spec: { template: { spec: { containers, restartPolicy: 'Never' } } } })).toMatchObject({
      spec: {
        parallelism: 1,
        completions: 1,
        backoffLimit: 6,
        selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u-1' } },
        template: { metadata: { labels: { 'job-name': 'x', 'controller-uid': 'u-1' } } },
      },
    });
  });

  test('texts of a secret become its data and never come back', () => {
    const secret = created('Secret', { data: { x: 'eA==' }, stringData: { y: 'why', x: 'wins' } });
    expect(secret).toMatchObject({ type: 'Opaque', data: { x: 'd2lucw==', y: 'd2h5' } });
    expect(secret).not.toHaveProperty('stringData');
  });

  test('a namespace starts active, with its finalizer and its name as a label', () => {
    expect(created('Namespace', {})).toEqual({
      metadata: { name: 'x', uid: 'u-1', labels: { 'kubernetes.io/metadata.name': 'x' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  });

  test('a service port leads to the same port of the pods', () => {
    expect(created('Service', { spec: { ports: [{ port: 80 }] } })).toMatchObject({
      spec: {
        type: 'ClusterIP',
        sessionAffinity: 'None',
        internalTrafficPolicy: 'Cluster',
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      },
      status: { loadBalancer: {} },
    });
  });
});

describe('what is refused', () => {
  test('a workload whose selector does not fit its pods', () => {
    expect(problems('Deployment', { spec: {} })).toEqual([
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
      'spec.template.spec.containers: Required value',
    ]);
    expect(problems('Deployment', deployment({ selector: {} }))).toEqual([
      'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
    ]);
    expect(problems('Deployment', deployment({ replicas: -1 }))).toEqual([
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ]);
  });

  test('containers that cannot run', () => {
    const spec = {
      containers: [{ name: 'c', image: ' i', imagePullPolicy: 'Now', resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }],
      restartPolicy: 'Maybe',
      terminationGracePeriodSeconds: -1,
    };
    expect(problems('Pod', { spec })).toEqual([
      'spec.containers[0].image: Invalid value: " i": must not have leading or trailing whitespace',
      'spec.containers[0].imagePullPolicy: Unsupported value: "Now": supported values: "Always", "IfNotPresent", "Never"',
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
      'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"',
    ]);
    expect(
      problems('Pod', { spec: { containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'missing', mountPath: '/x' }] }] } }),
    ).toEqual(['spec.containers[0].volumeMounts[0].name: Not found: "missing"']);
  });

  test('services, claims and roles that make no sense', () => {
    expect(problems('Service', { spec: { ports: [{ port: 0 }, { port: 70000 }] } })).toEqual([
      'spec.ports[0].name: Required value',
      'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ports[1].name: Required value',
      'spec.ports[1].port: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'spec.ports[1].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ]);
    expect(problems('PersistentVolumeClaim', { spec: {} })).toEqual([
      'spec.accessModes: Required value: at least 1 access mode is required',
      'spec.resources[storage]: Required value',
    ]);
    expect(problems('Role', { rules: [{ verbs: ['get'], resources: ['x'] }] })).toEqual([
      'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
    ]);
  });

  test('changes of what is fixed', () => {
    const labels = (object: JsonObject) => (object['spec'] = { ...deployment().spec, selector: { matchLabels: { app: 'z' } } });
    expect(changeProblems('Deployment', deployment(), labels)).toContain(
      'spec.selector: Invalid value: {"matchLabels":{"app":"z"}}: field is immutable',
    );
    expect(changeProblems('ConfigMap', { data: { a: '1' }, immutable: true }, (object) => (object['data'] = { a: '2' }))).toEqual([
      'data: Forbidden: field is immutable when `immutable` is set',
    ]);
    const image = (object: JsonObject) => (object['spec'] = { containers: [{ name: 'c', image: 'other' }] });
    expect(changeProblems('Pod', { spec: { containers } }, image)[0]).toMatch(
      /^spec: Forbidden: pod updates may not change fields other than/,
    );
  });
});

describe('tables', () => {
  test('a pod is summed up in one word', () => {
    const status = (state: JsonObject, more: JsonObject = {}) => ({
      metadata: { name: 'p' },
      spec: { containers },
      status: { phase: 'Running', containerStatuses: [{ name: 'c', restartCount: 2, state, ...more }] },
    });
    const word = (object: JsonObject) => cells('Pod', object).slice(1, 4);
    expect(word(status({ running: {} }, { ready: true }))).toEqual(['1/1', 'Running', '2']);
    expect(word(status({ waiting: { reason: 'CrashLoopBackOff' } }))).toEqual(['0/1', 'CrashLoopBackOff', '2']);
    const restarted = { lastState: { terminated: { finishedAt: '2026-01-01T23:55:00Z' } } };
    expect(word(status({ terminated: { exitCode: 3 } }, restarted))).toEqual(['0/1', 'ExitCode:3', '2 (5m ago)']);
    expect(word({ ...status({ running: {} }), metadata: { name: 'p', deletionTimestamp: '2026-01-02T00:00:00Z' } })[1]).toBe('Terminating');
    const init = {
      spec: { containers, initContainers: [{ name: 'i' }] },
      status: { phase: 'Pending', initContainerStatuses: [{ name: 'i', state: { running: {} } }] },
    };
    expect(word(init)).toEqual(['0/1', 'Init:0/1', '0']);
  });

  test('services show where they lead', () => {
    const spec = {
      type: 'ClusterIP',
      clusterIP: 'None',
      selector: { c: 'd', a: 'b' },
      ports: [
        { port: 80, protocol: 'TCP' },
        { port: 53, protocol: 'UDP' },
      ],
    };
    expect(cells('Service', { metadata: { creationTimestamp: '2026-01-01T00:00:00Z' }, spec })).toEqual([
      null,
      'ClusterIP',
      'None',
      '<none>',
      '80/TCP,53/UDP',
      '24h',
      'a=b,c=d',
    ]);
  });
});

test('an event reads the same through both of its APIs', () => {
  const core = {
    apiVersion: 'v1',
    kind: 'Event',
    involvedObject: { kind: 'Pod', name: 'p' },
    message: 'm',
    reason: 'R',
    source: { component: 'x' },
  };
  const seen = find('Event', 'events.k8s.io/v1').convert?.(core);
  expect(seen).toEqual({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    regarding: { kind: 'Pod', name: 'p' },
    note: 'm',
    reason: 'R',
    deprecatedSource: { component: 'x' },
  });
  expect(find('Event', '/v1').convert?.(seen ?? {})).toEqual(core);
});

test('a claim that got more than it asked for can still be written; one that asks for less than it has cannot', () => {
  const info = find('PersistentVolumeClaim');
  const bound = (storage: string): JsonObject => ({
    metadata: { name: 'x', uid: 'u-1' },
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage } }, volumeName: 'v' },
    status: { phase: 'Bound', capacity: { storage: '1Gi' } },
  });
  const update = (to: string, from: string) => info.validate(bound(to), bound(from), context).map(({ message }) => message);
  expect(update('1', '1')).toEqual([]);
  expect(update('2', '1')).toEqual([]);
  expect(update('1', '2Gi')).toEqual(['Forbidden: field can not be less than status.capacity']);
});

test('a limit range gives pods no defaults, and says how much storage claims may have', () => {
  const limits = [
    { type: 'Pod', default: { cpu: '1' } },
    { type: 'PersistentVolumeClaim', max: { cpu: '1' } },
  ];
  expect(problems('LimitRange', { spec: { limits } })).toEqual([
    "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
    'spec.limits[1].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
  ]);
});

test('finalizers of a namespace are qualified names', () => {
  expect(problems('Namespace', { spec: { finalizers: ['mine', 'labs.example.com/hold'] } })).toEqual([
    'spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
  ]);
});
