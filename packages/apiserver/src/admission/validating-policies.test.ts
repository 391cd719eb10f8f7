import { expect, test } from 'vitest';
import { alwaysAllow } from '../authz/rbac.ts';
import { admissionCall, resourceInfo } from '../fakes/admission-call.ts';
import { objectReader } from '../fakes/object-reader.ts';
import type { JsonObject } from '../json.ts';
import { createRegistry } from '../registry.ts';
import { conditions } from './cel-condition.ts';
import { validatingPolicies } from './validating-policies.ts';

const GROUP = 'admissionregistration.k8s.io';
const resourceRules = [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }];

function lab(spec: JsonObject, binding: JsonObject = {}) {
  const reader = objectReader();
  reader.put({ group: '', plural: 'namespaces' }, { metadata: { name: 'n', labels: { most: '5' } } });
  reader.put(
    { group: GROUP, plural: 'validatingadmissionpolicies' },
    { metadata: { name: 'p' }, spec: { matchConstraints: { resourceRules }, ...spec } },
  );
  reader.put(
    { group: GROUP, plural: 'validatingadmissionpolicybindings' },
    { metadata: { name: 'b' }, spec: { policyName: 'p', validationActions: ['Deny'], ...binding } },
  );
  const plugin = validatingPolicies({ reader, registry: createRegistry(), conditions: conditions(alwaysAllow) });
  const warnings: string[] = [];
  const resource = resourceInfo({ kind: 'Deployment', plural: 'deployments', group: 'apps' });
  const create = (replicas: number) => {
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', namespace: 'n' }, spec: { replicas } };
    const call = admissionCall({ resource, namespace: 'n', name: 'd', object, warn: (text) => void warnings.push(text) });
    if (plugin.handles(call)) void plugin.validate?.(call);
  };
  return { create, warnings };
}

test('a policy refuses what breaks its expression, in its own words', () => {
  const { create } = lab({
    validations: [{ expression: 'object.spec.replicas <= 5', messageExpression: '"at most 5, not " + string(object.spec.replicas)' }],
  });
  expect(() => create(5)).not.toThrow();
  expect(() => create(6)).toThrow(
    "deployments.apps \"d\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: at most 5, not 6",
  );
});

test('variables and the namespace are in sight', () => {
  const { create } = lab({
    variables: [{ name: 'most', expression: 'int(namespaceObject.metadata.labels["most"])' }],
    validations: [{ expression: 'object.spec.replicas <= variables.most' }],
  });
  expect(() => create(6)).toThrow('failed expression: object.spec.replicas <= variables.most');
});

test('a binding may only warn', () => {
  const { create, warnings } = lab({ validations: [{ expression: 'false', message: 'never' }] }, { validationActions: ['Warn'] });
  create(1);
  expect(warnings).toEqual(["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': never"]);
});

test('an expression that fails counts as broken, unless failures are ignored', () => {
  const validations = [{ expression: 'object.spec.missing == 1' }];
  expect(() => lab({ validations }).create(1)).toThrow('no such key: missing');
  expect(() => lab({ validations, failurePolicy: 'Ignore' }).create(1)).not.toThrow();
});

test('a binding narrows its policy', () => {
  const binding = { matchResources: { namespaceSelector: { matchLabels: { other: 'x' } } } };
  expect(() => lab({ validations: [{ expression: 'false' }] }, binding).create(1)).not.toThrow();
});
