import { type ImageList, imageLists } from '@crownlabs/api';
import { events, secrets } from '@crownlabs/client';
import { eventually, startTestLab, type TestLab } from '@crownlabs/testkit';
import { expect, test } from 'vitest';
import { IMAGE_LISTS, type ImageListsConfig, type ImageRegistry } from './config.ts';
import { credentialsOf } from './credentials.ts';
import { listedImages } from './desired.ts';
import { distribution, guarded, json, startRegistry, type TestRegistry } from './registry.test-support.ts';

const NAME = 'course-images';
const BASIC = `Basic ${Buffer.from('robot:s3cret').toString('base64')}`;
const images = new Map([
  ['lab/terminal', ['1', '10', '2', 'latest']],
  ['lab/desktop', ['latest']],
  ['lab/tools/editor', ['v1']],
  ['other/thing', ['1']],
]);
const LISTED = [
  { name: 'terminal', versions: ['1', '2', '10'] },
  { name: 'tools/editor', versions: ['v1'] },
];

function lab(
  registry: Pick<TestRegistry, 'url'>,
  changes: Partial<ImageRegistry> = {},
  config: Partial<ImageListsConfig> = {},
): Promise<TestLab> {
  const one: ImageRegistry = {
    name: 'main',
    type: 'docker',
    url: registry.url,
    registryName: 'registry.example.org',
    imageListName: NAME,
    project: 'lab',
    ...changes,
  };
  return startTestLab({ config: { imageLists: { ...IMAGE_LISTS, timeoutMs: 500, intervalMs: 50, registries: [one], ...config } } });
}

const listed = (of: TestLab, reason: string): Promise<ImageList> =>
  eventually(async () => {
    const found = await of.admin.get(imageLists, NAME);
    expect(found.status?.conditions?.[0]?.reason).toBe(reason);
    return found;
  });

const withSecret = (of: TestLab) =>
  of.admin.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'robot', namespace: 'crownlabs-system' },
    data: { username: Buffer.from('robot').toString('base64'), password: Buffer.from('s3cret').toString('base64') },
  });

test('[BUG] 2.12: all pages of a registry are listed, without moving tags and other projects', async () => {
  await using registry = await startRegistry(distribution(images, 1));
  await using of = await lab(registry);
  const list = await listed(of, 'Listed');
  expect(list.spec).toEqual({ registryName: 'registry.example.org', projectBaseName: 'lab', images: LISTED });
  expect(list.status?.conditions?.[0]?.message).toBe('2 images in 4 versions.');
});

test('a list that says the same is not written again, and one that was edited by hand is put right', async () => {
  await using registry = await startRegistry(distribution(images, 100));
  await using of = await lab(registry);
  const before = await listed(of, 'Listed');
  const times = registry.asked.length;
  await eventually(() => expect(registry.asked.length).toBeGreaterThan(times + 6));
  expect((await of.admin.get(imageLists, NAME)).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  await of.admin.patch(imageLists, NAME, undefined, { spec: { images: [] } });
  await eventually(async () => expect((await of.admin.get(imageLists, NAME)).spec.images).toEqual(LISTED));
});

test('a registry that is away takes nothing from anybody, and is heard of when it is back', async () => {
  await using registry = await startRegistry(distribution(images, 100));
  await using of = await lab(registry);
  await listed(of, 'Listed');
  registry.answerWith((_, response) => void response.writeHead(503).end());
  const away = await listed(of, 'RegistryUnavailable');
  expect(away.spec.images).toEqual(LISTED);
  await eventually(async () => {
    const told = (await of.admin.list(events, { namespace: 'default' })).items.filter(({ reason }) => reason === 'RegistryUnavailable');
    expect(told).toHaveLength(1);
  });
  registry.answerWith(distribution(new Map([['lab/terminal', ['3']]]), 100));
  await eventually(async () => expect((await listed(of, 'Listed')).spec.images).toEqual([{ name: 'terminal', versions: ['3'] }]));
});

test('[BUG] 2.12: a name and a password come from a Secret, and are said to the registry alone', async () => {
  await using registry = await startRegistry(guarded(BASIC, () => 'Basic realm="registry"', distribution(images, 100)));
  await using of = await lab(registry, { secretRef: { name: 'robot' } });
  const without = await listed(of, 'CredentialsNotFound');
  expect(without.spec.images).toEqual([]);
  await withSecret(of);
  const list = await listed(of, 'Listed');
  expect(JSON.stringify(list)).not.toContain('s3cret');
});

test('a token is fetched where the registry says, if the configuration names that host', async () => {
  const scopes: (string | null)[] = [];
  await using issuer = await startRegistry((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://issuer');
    scopes.push(searchParams.get('scope'));
    json(response, request.headers.authorization === BASIC ? { token: 'good' } : {});
  });
  const challenge = () => `Bearer realm="${issuer.url}/token",service="registry",scope="registry:catalog:*"`;
  await using registry = await startRegistry(guarded('Bearer good', challenge, distribution(images, 2)));
  await using allowed = await lab(registry, { secretRef: { name: 'robot' } }, { tokenHosts: [issuer.host] });
  await withSecret(allowed);
  expect((await listed(allowed, 'Listed')).spec.images).toEqual(LISTED);
  expect(scopes[0]).toBe('registry:catalog:*');
  const times = issuer.asked.length;
  await allowed[Symbol.asyncDispose]();
  await using refused = await lab(registry, { secretRef: { name: 'robot' } });
  await withSecret(refused);
  await listed(refused, 'AddressNotAllowed');
  expect(issuer.asked.length).toBeLessThanOrEqual(times + 1);
});

test('a Harbor is asked for the artifacts of a project', async () => {
  await using registry = await startRegistry((request, response) => {
    const url = new URL(request.url ?? '', 'http://harbor');
    const root = '/api/v2.0/projects/lab/repositories';
    const page = Number(url.searchParams.get('page'));
    if (url.pathname === root) {
      const link = page === 1 ? { link: `<${root}?page=2&page_size=100>; rel="next"` } : {};
      return json(response, page === 1 ? [{ name: 'lab/terminal' }] : [{ name: 'lab/tools/editor' }], link);
    }
    if (url.pathname === `${root}/terminal/artifacts`) {
      return json(response, [{ tags: [{ name: '1' }, { name: 'latest' }] }, { tags: [{ name: '2' }, { name: '10' }] }, { tags: null }]);
    }
    if (url.pathname === `${root}/tools%252Feditor/artifacts`) return json(response, [{ tags: [{ name: 'v1' }] }]);
    json(response, {}, {}, 404);
  });
  await using of = await lab(registry, { type: 'harbor' });
  expect((await listed(of, 'Listed')).spec.images).toEqual(LISTED);
});

test('a registry cannot send us elsewhere, keep us waiting, or fill us up', async () => {
  await using inside = await startRegistry((_, response) => json(response, { repositories: ['lab/inside'] }));
  await using registry = await startRegistry((_, response) => {
    json(response, { repositories: ['lab/a'] }, { link: `<${inside.url}/v2/_catalog>; rel="next"` });
  });
  await using of = await lab(registry, {}, { timeoutMs: 200 });
  await listed(of, 'AddressNotAllowed');
  registry.answerWith((_, response) => void response.writeHead(307, { location: `${inside.url}/v2/_catalog` }).end());
  await listed(of, 'RegistryUnavailable');
  expect(inside.asked).toEqual([]);
  registry.answerWith((_, response) => void response.end(`"${'x'.repeat(9 * 1024 * 1024)}"`));
  await listed(of, 'TooMany');
  registry.answerWith(() => undefined);
  const silent = await listed(of, 'RegistryUnavailable');
  expect(silent.spec.images).toEqual([]);
});

test('a pull secret serves as well', () => {
  const auths = { 'https://registry.example.org/v1/': { auth: Buffer.from('robot:a:b').toString('base64') } };
  const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') };
  expect(credentialsOf({ metadata: { name: 's' }, data }, 'registry.example.org')).toEqual({ username: 'robot', password: 'a:b' });
  expect(() => credentialsOf({ metadata: { name: 's' }, data }, 'elsewhere.example.org')).toThrow('no entry');
});

test('images that are listed twice are one, and those without a version none', () => {
  const twice = [
    { name: 'b', tags: ['2'] },
    { name: 'a', tags: [] },
    { name: 'b', tags: ['1', '2'] },
  ];
  expect(listedImages(twice)).toEqual([{ name: 'b', versions: ['1', '2'] }]);
});
