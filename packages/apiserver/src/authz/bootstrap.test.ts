import { expect, test } from 'vitest';
import type { JsonObject } from '../json.ts';
import { objectsAt, textAt } from '../json-read.ts';
import { bootstrapRbac, type RbacStore } from './bootstrap.ts';

function memory() {
  const objects = new Map<string, JsonObject>();
  let writes = 0;
  const put: RbacStore['create'] = async (plural, object) => {
    writes += 1;
    objects.set(`${plural}/${textAt(object, 'metadata', 'name')}`, object);
  };
  const store: RbacStore = { find: async (plural, name) => objects.get(`${plural}/${name}`), create: put, replace: put };
  return { store, objects, writes: () => writes };
}

test('the defaults are written once', async () => {
  const { store, objects, writes } = memory();
  await bootstrapRbac(store);
  const first = writes();
  await bootstrapRbac(store);
  expect(writes()).toBe(first);
  expect(objects.get('clusterrolebindings/cluster-admin')).toMatchObject({ subjects: [{ kind: 'Group', name: 'system:masters' }] });
});

test('a missing default rule comes back and an added one stays', async () => {
  const { store, objects } = memory();
  await bootstrapRbac(store);
  const changed = objects.get('clusterroles/system:basic-user') ?? {};
  const own = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
  objects.set('clusterroles/system:basic-user', { ...changed, rules: [own, ...objectsAt(changed, 'rules').slice(1)] });
  await bootstrapRbac(store);
  const rules = objectsAt(objects.get('clusterroles/system:basic-user'), 'rules');
  expect(rules).toContainEqual(own);
  expect(rules).toContainEqual(expect.objectContaining({ resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'] }));
});

test('a role that opted out is left alone', async () => {
  const { store, objects } = memory();
  await bootstrapRbac(store);
  const own = {
    metadata: { name: 'system:discovery', annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } },
    rules: [],
  };
  objects.set('clusterroles/system:discovery', own);
  await bootstrapRbac(store);
  expect(objects.get('clusterroles/system:discovery')).toBe(own);
});
