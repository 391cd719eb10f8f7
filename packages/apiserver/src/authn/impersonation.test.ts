import { expect, test } from 'vitest';
import type { Authorizer } from '../call.ts';
import { impersonate } from './impersonation.ts';

const root = { username: 'root', groups: ['system:masters'] };
const anyone: Authorizer = { authorize: () => ({ allowed: true, reason: '' }) };
const nobody: Authorizer = { authorize: () => ({ allowed: false, reason: '' }) };

test('without headers the user stays who he is', async () => {
  expect(await impersonate({ accept: '*/*' }, root, nobody)).toBe(root);
});

test('an impersonated user gets the groups and extras asked for, and is authenticated', async () => {
  const headers = {
    'impersonate-user': 'ada',
    'impersonate-group': 'g1, g2',
    'impersonate-uid': '9',
    'impersonate-extra-labs.example.com%2fteam': 'blue',
  };
  expect(await impersonate(headers, root, anyone)).toEqual({
    username: 'ada',
    uid: '9',
    groups: ['g1', 'g2', 'system:authenticated'],
    extra: { 'labs.example.com/team': ['blue'] },
  });
});

test('an impersonated service account has its own groups', async () => {
  expect((await impersonate({ 'impersonate-user': 'system:serviceaccount:n:bot' }, root, anyone)).groups).toEqual([
    'system:serviceaccounts',
    'system:serviceaccounts:n',
    'system:authenticated',
  ]);
});

test('an impersonated anonymous user is not authenticated', async () => {
  expect((await impersonate({ 'impersonate-user': 'system:anonymous' }, root, anyone)).groups).toEqual(['system:unauthenticated']);
});

test('whoever may not is told what was refused', async () => {
  await expect(impersonate({ 'impersonate-user': 'ada' }, { username: 'bob', groups: [] }, nobody)).rejects.toThrow(
    'users "ada" is forbidden: User "bob" cannot impersonate resource "users" in API group "" at the cluster scope',
  );
});

test('groups without a user are a bad request', async () => {
  await expect(impersonate({ 'impersonate-group': 'g' }, root, anyone)).rejects.toMatchObject({ code: 'BadRequest' });
});
