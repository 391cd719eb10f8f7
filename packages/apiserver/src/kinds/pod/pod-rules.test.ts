import { expect, test } from 'vitest';
import type { JsonObject } from '../../json.ts';
import { FieldCheck } from '../field-check.ts';
import { checkPodSpec } from './pod-validation.ts';

const container = (more: JsonObject = {}): JsonObject => ({ name: 'c', image: 'i', ...more });

/** What is said of a spec, by field. */
function said(spec: JsonObject): string[] {
  const check = new FieldCheck();
  checkPodSpec({ containers: [container()], ...spec }, 'spec', check);
  return check.errors.map(({ field, message }) => `${field}: ${message}`);
}

const inContainer = (more: JsonObject) => said({ containers: [container(more)] }).map((line) => line.replace('spec.containers[0].', ''));

test('tolerations must make sense', () => {
  const tolerations = [
    { key: 'a', operator: 'Foo' },
    { operator: 'Equal', value: 'x' },
    { key: 'b', operator: 'Exists', tolerationSeconds: 1 },
  ];
  expect(said({ tolerations })).toEqual([
    'spec.tolerations[0].operator: Unsupported value: "Foo": supported values: "Equal", "Exists"',
    'spec.tolerations[1].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    'spec.tolerations[2].effect: Invalid value: "": effect must be \'NoExecute\' when `tolerationSeconds` is set',
  ]);
});

test('affinities need terms, keys and weights', () => {
  const node = (matchExpressions: JsonObject[]) => ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } } },
  });
  const at = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
  expect(said({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } })).toEqual([
    `${at}: Required value: must have at least one node selector term`,
  ]);
  expect(
    said(
      node([
        { key: 'a', operator: 'Near' },
        { key: 'b', operator: 'In' },
        { key: 'c', operator: 'Gt', values: ['1', '2'] },
      ]),
    ),
  ).toEqual([
    `${at}[0].matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator`,
    `${at}[0].matchExpressions[1].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
    `${at}[0].matchExpressions[2].values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
  ]);
  const preferred = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 101, podAffinityTerm: { labelSelector: {} } }] };
  expect(said({ affinity: { podAntiAffinity: preferred } })).toEqual([
    'spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 101: must be in the range 1-100',
    'spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.topologyKey: Required value: can not be empty',
  ]);
});

test('spread, aliases and resolvers are checked', () => {
  expect(said({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'Wait' }] })).toEqual([
    'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
    'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Wait": supported values: "DoNotSchedule", "ScheduleAnyway"',
  ]);
  expect(said({ dnsPolicy: 'None' })).toEqual(['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None']);
  expect(said({ hostAliases: [{ ip: 'here', hostnames: ['ok.example.com'] }] })).toEqual([
    'spec.hostAliases[0].ip: Invalid value: "here": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ]);
});

test('users, groups and privileges are checked', () => {
  expect(said({ securityContext: { runAsUser: -1, supplementalGroups: [5, 2 ** 31] } })).toEqual([
    'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    'spec.securityContext.supplementalGroups[1]: Invalid value: 2147483648: must be between 0 and 2147483647, inclusive',
  ]);
  const [line] = inContainer({ securityContext: { privileged: true, allowPrivilegeEscalation: false } });
  expect(line).toMatch(/^securityContext: Invalid value: .*: cannot set `allowPrivilegeEscalation` to false and `privileged` to true$/);
});

test('probes and hooks have one handler, and thresholds where they mean something', () => {
  const exec = { command: ['x'] };
  expect(inContainer({ livenessProbe: { exec, successThreshold: 2 } })).toEqual([
    'livenessProbe.successThreshold: Invalid value: 2: must be 1',
  ]);
  expect(inContainer({ readinessProbe: { exec, successThreshold: 2, terminationGracePeriodSeconds: 1 } })).toEqual([
    'readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes',
  ]);
  expect(inContainer({ lifecycle: { postStart: {}, preStop: { exec, sleep: { seconds: 1 } } } })).toEqual([
    'lifecycle.postStart: Required value: must specify a handler type',
    'lifecycle.preStop.sleep: Forbidden: may not specify more than 1 handler type',
  ]);
});

test('resources have known names, devices are whole and not shared', () => {
  expect(inContainer({ resources: { limits: { foo: '1' } } })).toEqual([
    'resources.limits[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
    'resources.limits[foo]: Invalid value: "foo": must be a standard resource for containers',
  ]);
  expect(inContainer({ resources: { limits: { 'a.com/gpu': '1500m' } } })).toEqual([
    'resources.limits[a.com/gpu]: Invalid value: "1500m": must be an integer',
  ]);
  expect(inContainer({ resources: { requests: { 'a.com/gpu': '1' }, limits: { 'a.com/gpu': '2' } } })).toEqual([
    'resources.requests: Invalid value: "1": must be equal to a.com/gpu limit of 2',
  ]);
  expect(inContainer({ resources: { requests: { 'hugepages-2Mi': '2Mi', cpu: '1' }, limits: { 'hugepages-2Mi': '2Mi' } } })).toEqual([]);
});

test('variables show fields that exist, and init containers leave names and probes to the others', () => {
  const env = (fieldPath: string) => inContainer({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath } } }] });
  expect(env("metadata.labels['app']")).toEqual([]);
  expect(env('spec.foo')).toEqual([
    'env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.foo": error converting fieldPath: field label not supported: spec.foo',
  ]);
  expect(env('status.phase')[0]).toContain('Unsupported value: "status.phase": supported values: "metadata.name"');
  const probe = { exec: { command: ['x'] } };
  expect(
    said({
      initContainers: [container({ livenessProbe: probe }), container({ name: 's', restartPolicy: 'Always', livenessProbe: probe })],
    }),
  ).toEqual([
    'spec.initContainers[0].name: Duplicate value: "c"',
    'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
  ]);
});

test('ports of the node are taken once', () => {
  const ports = [
    { containerPort: 1, hostPort: 80, protocol: 'TCP' },
    { containerPort: 2, hostPort: 80, protocol: 'TCP' },
  ];
  expect(inContainer({ ports })).toEqual(['ports[1].hostPort: Duplicate value: "TCP//80"']);
  expect(said({ hostNetwork: true, containers: [container({ ports: [{ containerPort: 1, hostPort: 80 }] })] })).toEqual([
    'spec.containers[0].ports[0].hostPort: Invalid value: 80: must match `containerPort` when `hostNetwork` is true',
  ]);
});
