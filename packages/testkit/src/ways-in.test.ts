import { type Instance, instances, templates, tenants, workspaces } from '@crownlabs/api';
import { httpRoutes, ingresses, namespaces, services } from '@crownlabs/client';
import type { OperatorsConfig } from '@crownlabs/operators';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { installMachineKinds, installRouteKind } from './machine-kinds.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

const NS = 'tenant-ada';
const INGRESS: Partial<OperatorsConfig> = {
  publicUrl: 'https://lab.example.org',
  exposition: 'ingress',
  ingress: { tlsSecret: 'crownlabs-ingress-secret', authUrl: 'https://lab.example.org/app/instances/oauth2' },
};
const ROUTE: Partial<OperatorsConfig> = { exposition: 'httproute', httpRoute: { gateway: { name: 'crownlabs-main', namespace: 'envoy' } } };

/** One environment of every kind of way in. */
const ENVIRONMENTS = [
  environment('plain', { environmentType: 'Standalone' }),
  environment('root', { environmentType: 'Standalone', rewriteURL: true }),
  environment('box', { environmentType: 'Container', rewriteURL: true }),
  environment('gui', { environmentType: 'VirtualMachine', image: 'registry.example.org/desktop:1' }),
  environment('text', { environmentType: 'VirtualMachine', image: 'registry.example.org/server:1', guiEnabled: false }),
];

async function course(lab: TestLab): Promise<Instance> {
  await installMachineKinds(lab.admin);
  await lab.admin.create(workspaces, workspace('net', { quota: { cpu: 20, memory: '50G', instances: 3 } }));
  await lab.admin.create(tenants, tenant('ada', { net: 'user' }));
  await eventually(() => Promise.all([lab.admin.get(namespaces, NS), lab.admin.get(namespaces, 'workspace-net')]));
  await lab.admin.create(templates, template('net', 'lab', ENVIRONMENTS));
  const made = await lab.admin.create(instances, instance('ada', 'mine', { workspace: 'net', template: 'lab' }));
  await eventually(async () => expect((await lab.admin.list(services, { namespace: NS })).items).toHaveLength(ENVIRONMENTS.length));
  return made;
}

const accepted = async (lab: TestLab) =>
  (await lab.admin.get(instances, 'mine', NS)).status?.environments?.flatMap(({ name, expositionAccepted }) =>
    expositionAccepted ? [name] : [],
  );

test('8.1.11: with Ingresses, paths and rewrites are those of each kind of environment, and people are asked to sign in', async () => {
  await using lab = await startTestLab({ config: INGRESS });
  const { metadata } = await course(lab);
  const root = `/instance/${metadata.uid}`;
  await eventually(async () => expect((await lab.admin.list(ingresses, { namespace: NS })).items).toHaveLength(4));
  const found = (await lab.admin.list(ingresses, { namespace: NS })).items;
  const nginx = (name: string) => `nginx.ingress.kubernetes.io/${name}`;
  const paths = found.map(({ metadata: { name, annotations = {} }, spec }) => [
    name,
    spec?.rules?.[0]?.http?.paths[0]?.path,
    annotations[nginx('rewrite-target')],
  ]);
  expect(paths).toEqual([
    // The rewrite is also there for the type Container, where a path that was a pattern used to lead nowhere.
    ['mine-box', `${root}/box(/|$)(.*)`, '/$2'],
    ['mine-gui', `${root}/gui/(.*)`, '/$1'],
    ['mine-plain', `${root}/plain`, undefined],
    ['mine-root', `${root}/root(/|$)(.*)`, '/$2'],
  ]);
  expect(found[0]?.metadata.annotations).toMatchObject({
    [nginx('proxy-read-timeout')]: '3600',
    [nginx('proxy-send-timeout')]: '3600',
    [nginx('auth-url')]: 'https://lab.example.org/app/instances/oauth2/auth',
    [nginx('auth-signin')]: 'https://lab.example.org/app/instances/oauth2/start?rd=$escaped_request_uri',
  });
  expect(found[0]?.spec).toMatchObject({
    rules: [{ host: 'lab.example.org', http: { paths: [{ pathType: 'Prefix' }] } }],
    tls: [{ hosts: ['lab.example.org'], secretName: 'crownlabs-ingress-secret' }],
  });
  await eventually(async () => expect(await accepted(lab)).toEqual(['plain', 'root', 'box', 'gui', 'text']));
  expect((await lab.admin.get(instances, 'mine', NS)).status?.url).toBe(`https://lab.example.org${root}/`);
});

test('with HTTPRoutes, an environment is open when its Gateway says so, and the way in closes when it stops', async () => {
  await using lab = await startTestLab({ config: ROUTE });
  await installRouteKind(lab.admin);
  const { metadata } = await course(lab);
  await eventually(async () => expect((await lab.admin.list(httpRoutes, { namespace: NS })).items).toHaveLength(4));
  const route = await lab.admin.get(httpRoutes, 'mine-gui', NS);
  expect(route.spec).toEqual({
    parentRefs: [{ name: 'crownlabs-main', namespace: 'envoy' }],
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: `/instance/${metadata.uid}/gui` } }],
        filters: [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '' } } }],
        backendRefs: [{ name: 'mine-gui', port: 6080 }],
        timeouts: { request: '3600s', backendRequest: '3600s' },
      },
    ],
  });
  expect((await lab.admin.get(httpRoutes, 'mine-plain', NS)).spec.rules[0]).not.toHaveProperty('filters');
  await eventually(async () => expect(await accepted(lab)).toEqual(['text']));
  const status = { parents: [{ conditions: [{ type: 'Accepted', status: 'True' }] }] };
  await lab.admin.patch(httpRoutes, 'mine-gui', NS, { status }, { subresource: 'status' });
  await eventually(async () => expect(await accepted(lab)).toEqual(['gui', 'text']));
  await lab.admin.patch(instances, 'mine', NS, { spec: { running: false } });
  await eventually(async () => {
    expect((await lab.admin.list(httpRoutes, { namespace: NS })).items).toEqual([]);
    expect((await lab.admin.list(services, { namespace: NS })).items).toEqual([]);
    expect(await accepted(lab)).toEqual([]);
  });
});

/** What an installation in another mode would have left for the environment `gui`. */
async function leftovers(lab: TestLab, { metadata, apiVersion, kind }: Instance): Promise<void> {
  const labels = { 'crownlabs.polito.it/managed-by': 'instance' };
  const ownerReferences = [{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', controller: true }];
  const own = { name: 'mine-gui', namespace: NS, labels, ownerReferences };
  const backend = { service: { name: 'mine-gui', port: { number: 6080 } } };
  await lab.admin.apply(ingresses, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: own,
    spec: { defaultBackend: backend },
  });
}

test('an Ingress of an earlier mode stays until the Gateway has taken the route in', async () => {
  await using lab = await startTestLab({ config: ROUTE });
  await installRouteKind(lab.admin);
  await leftovers(lab, await course(lab));
  await eventually(() => lab.admin.get(httpRoutes, 'mine-gui', NS));
  await lab.settled();
  await lab.admin.get(ingresses, 'mine-gui', NS);
  const status = { parents: [{ conditions: [{ type: 'Accepted', status: 'True' }] }] };
  await lab.admin.patch(httpRoutes, 'mine-gui', NS, { status }, { subresource: 'status' });
  await eventually(async () => expect(await lab.admin.find(ingresses, 'mine-gui', NS)).toBeUndefined());
});

test('with the built-in gateway nothing is left of other modes', async () => {
  await using lab = await startTestLab();
  await leftovers(lab, await course(lab));
  await eventually(async () => expect(await lab.admin.find(ingresses, 'mine-gui', NS)).toBeUndefined());
  await eventually(async () => expect(await accepted(lab)).toEqual(['plain', 'root', 'box', 'gui', 'text']));
});

test('where a Gateway is wanted and none is installed, the owner is told', async () => {
  await using lab = await startTestLab({ config: ROUTE });
  await course(lab);
  await eventually(async () => {
    const { status } = await lab.admin.get(instances, 'mine', NS);
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Exposed', status: 'False', reason: 'GatewayApiNotInstalled' }),
    );
  });
});
