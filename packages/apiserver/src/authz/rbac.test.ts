import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../json.ts';
import type { UserInfo } from '../user.ts';
import { pathAttributes, resourceAttributes } from './attributes.ts';
import { escalation } from './escalation.ts';
import { rbacAuthorizer } from './rbac.ts';
import { type RbacChange, rbacIndex } from './rbac-index.ts';

const ada: UserInfo = { username: 'ada', groups: ['system:authenticated'] };

function role(namespace: string, name: string, rules: JsonObject[]): RbacChange {
  return { kind: namespace ? 'Role' : 'ClusterRole', name, namespace, object: { metadata: { name, namespace }, rules } };
}

function binding(namespace: string, name: string, to: { role: string; kind?: string }, subject: JsonObject): RbacChange {
  const roleRef = { kind: to.kind ?? (namespace ? 'Role' : 'ClusterRole'), name: to.role };
  const kind = namespace ? 'RoleBinding' : 'ClusterRoleBinding';
  return { kind, name, namespace, object: { metadata: { name, namespace }, roleRef, subjects: [subject] } };
}

function rbac(...changes: RbacChange[]) {
  const index = rbacIndex();
  for (const change of changes) index.apply(change);
  return { index, ...rbacAuthorizer(index) };
}

const rule = (verbs: string[], group: string, resources: string[], names?: string[]): JsonObject => ({
  verbs,
  apiGroups: [group],
  resources,
  ...(names && { resourceNames: names }),
});
const get = (resource: string, more: { name?: string; namespace?: string; subresource?: string } = {}) =>
  resourceAttributes({ verb: 'get', group: '', resource, namespace: 'n', ...more });

describe('a RoleBinding', () => {
  const lab = rbac(role('n', 'r', [rule(['get'], '', ['pods'])]), binding('n', 'b', { role: 'r' }, { kind: 'User', name: 'ada' }));

  test('allows what its role says, and tells through what', () => {
    expect(lab.authorize(get('pods'), ada)).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "b/n" of Role "r" to User "ada"',
    });
  });

  test('allows nothing in another namespace, nor at the cluster scope', () => {
    expect(lab.authorize(get('pods', { namespace: 'm' }), ada).allowed).toBe(false);
    expect(lab.authorize(get('pods', { namespace: '' }), ada).allowed).toBe(false);
  });

  test('on pods does not include their logs', () => {
    expect(lab.authorize(get('pods', { subresource: 'log' }), ada).allowed).toBe(false);
  });

  test('grants nothing any more once it is gone', () => {
    const gone = rbac(role('n', 'r', [rule(['get'], '', ['pods'])]), binding('n', 'b', { role: 'r' }, { kind: 'User', name: 'ada' }));
    gone.index.apply({ kind: 'RoleBinding', name: 'b', namespace: 'n', object: undefined });
    expect(gone.authorize(get('pods'), ada).allowed).toBe(false);
  });
});

test('a service account is known by its namespace and name', () => {
  const lab = rbac(
    role('n', 'r', [rule(['*'], '*', ['*'])]),
    binding('n', 'b', { role: 'r' }, { kind: 'ServiceAccount', name: 'bot', namespace: 'x' }),
  );
  expect(lab.authorize(get('pods'), { username: 'system:serviceaccount:x:bot', groups: [] }).allowed).toBe(true);
  expect(lab.authorize(get('pods'), { username: 'system:serviceaccount:n:bot', groups: [] }).allowed).toBe(false);
});

test('resource names never match a request without a name', () => {
  const lab = rbac(
    role('n', 'r', [rule(['get', 'list'], '', ['pods'], ['one'])]),
    binding('n', 'b', { role: 'r' }, { kind: 'User', name: 'ada' }),
  );
  expect(lab.authorize(get('pods', { name: 'one' }), ada).allowed).toBe(true);
  expect(lab.authorize(get('pods', { name: 'two' }), ada).allowed).toBe(false);
  expect(lab.authorize(get('pods'), ada).allowed).toBe(false);
});

test('a binding to a role that does not exist is told, and does not hide the others', () => {
  const lab = rbac(binding('n', 'b', { role: 'gone' }, { kind: 'User', name: 'ada' }));
  expect(lab.authorize(get('pods'), ada)).toEqual({ allowed: false, reason: 'RBAC: role.rbac.authorization.k8s.io "gone" not found' });
});

test('a path is matched exactly or by its prefix before a star', () => {
  const lab = rbac(
    role('', 'r', [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/labs/*'] }]),
    binding('', 'b', { role: 'r' }, { kind: 'Group', name: 'system:authenticated' }),
  );
  expect(lab.authorize(pathAttributes('get', '/labs/x'), ada).allowed).toBe(true);
  expect(lab.authorize(pathAttributes('get', '/healthz/x'), ada).allowed).toBe(false);
});

test('members of system:masters may do everything', () => {
  expect(rbac().authorize(get('secrets'), { username: 'root', groups: ['system:masters'] }).allowed).toBe(true);
});

test('handing out more than one has is refused, with the missing rules in a list', () => {
  const lab = rbac(role('n', 'r', [rule(['get'], '', ['configmaps'])]), binding('n', 'b', { role: 'r' }, { kind: 'User', name: 'ada' }));
  const wide = { verbs: ['get', 'delete'], apiGroups: [''], resources: ['configmaps', 'secrets'], resourceNames: [], nonResourceURLs: [] };
  expect(escalation(lab, ada, [wide], 'n')).toBe(
    'user "ada" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
      '{APIGroups:[""], Resources:["configmaps"], Verbs:["delete"]}\n{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete"]}',
  );
  expect(escalation(lab, ada, [{ ...wide, verbs: ['get'], resources: ['configmaps'] }], 'n')).toBeUndefined();
});
