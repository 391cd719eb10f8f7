import { crds, type Instance, instances, templates, tenants, workspaces } from '@crownlabs/api';
import { namespaces, review, secrets } from '@crownlabs/client';
import { type ReadyEnvironment, UNCOUNTED } from '@crownlabs/operators';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { installMachineKinds } from './machine-kinds.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

// Defects of the system that ours is compatible with. Each of these would come back unnoticed without a test of its own; where another test
// already shows one absent, it is named in the list below.
//
// 2.1.2 one Secret for several machines           machines.test.ts       8.1.12
// 2.1.3 the content tools without their verb      environments.test.ts   8.1.11
// 2.1.4 Container with rewriteURL and Ingress     ways-in.test.ts        8.1.11
// 2.7   devices and storage in the quota          people.test.ts         8.1.5
// 2.7   MyDrive deleted with its tenant           people.test.ts         what people wrote outlives their account
// 2.9   two quick creates race                    journeys.test.ts       8.1.13
// 7.3   bindings not repaired on drift            people.test.ts         whatever somebody takes …
// 7.3   template edits that reach nobody          drift.test.ts          an edit of the template …

const NS = 'tenant-ada';
type Environment = ReturnType<typeof environment>;

async function course(
  lab: TestLab,
  environments: Environment[],
  quota?: { cpu: number; memory: string; instances: number; disk?: string },
) {
  await lab.admin.create(workspaces, workspace('net', quota ? { quota } : {}));
  await lab.admin.create(tenants, tenant('ada', { net: 'user' }));
  await eventually(() => Promise.all([lab.admin.get(namespaces, NS), lab.admin.get(namespaces, 'workspace-net')]));
  await lab.admin.create(templates, template('net', 'lab', environments));
}

const OF = { workspace: 'net', template: 'lab' };
const phase = async (lab: TestLab, name: string, wanted: string): Promise<Instance> =>
  eventually(async () => {
    const found = await lab.admin.get(instances, name, NS);
    expect(found.status?.phase).toBe(wanted);
    return found;
  });

test('[BUG] 1.4: the column URL shows a field that exists', () => {
  const columns = crds().find(({ spec }) => spec.names.kind === 'Instance')?.spec.versions[0]?.additionalPrinterColumns ?? [];
  expect(columns.find(({ name }) => name === 'URL')?.jsonPath).toBe('.status.url');
});

test('[BUG] 2.1.2: no machine has a password that somebody could know, and its folders belong to the user of its volumes', async () => {
  await using lab = await startTestLab();
  await installMachineKinds(lab.admin);
  const machine = { environmentType: 'VirtualMachine' as const, image: 'registry.example.org/vm:1', mountMyDriveVolume: true };
  await course(lab, [environment('one', machine), environment('two', machine)]);
  await lab.admin.create(instances, instance('ada', 'mine', OF));
  const read = async (name: string, key: string) => {
    const { data = {} } = await eventually(() => lab.admin.get(secrets, name, NS));
    return Buffer.from(data[key] ?? '', 'base64').toString();
  };
  const [one, two] = [await read('mine-one', 'password'), await read('mine-two', 'password')];
  expect(one).not.toBe(two);
  for (const password of [one, two]) expect(password).toMatch(/^[\w-]{20}$/);
  expect(await read('mine-one', 'userdata')).not.toContain(one);
  expect(await read('mine-one', 'x-shellscript')).toContain("chown 1010:1010 '/media/mydrive'");
});

test('[BUG] 2.1.4: the address is told as soon as the pod has one, with nothing else happening', async () => {
  await using lab = await startTestLab();
  lab.node.podsGetReady = false;
  await course(lab, [environment('web', { environmentType: 'Standalone' })]);
  await lab.admin.create(instances, instance('ada', 'mine', OF));
  await eventually(async () => {
    const [it] = (await lab.admin.get(instances, 'mine', NS)).status?.environments ?? [];
    expect(it?.ip).toContain('10.250.');
    expect(it?.phase).toBe('Starting');
  });
});

test('[BUG] 2.1.5: how long a start took is counted once for each environment, under its own labels', async () => {
  const counted: ReadyEnvironment[] = [];
  await using lab = await startTestLab({ metrics: { ...UNCOUNTED, becameReady: (it) => counted.push(it) } });
  const kept = { persistent: true, resources: { cpu: 1, memory: '1G', disk: '1Gi', reservedCPUPercentage: 10 } };
  await course(lab, [environment('desk'), environment('web', { environmentType: 'Standalone', ...kept })]);
  await lab.admin.create(instances, instance('ada', 'mine', OF));
  await phase(lab, 'mine', 'Ready');
  await lab.settled();
  const of = { workspace: 'net', template: 'lab' };
  const byName = counted.toSorted((a, b) => a.environment.localeCompare(b.environment));
  expect(byName).toEqual([
    { ...of, environment: 'desk', type: 'Container', persistent: false },
    { ...of, environment: 'web', type: 'Standalone', persistent: true },
  ]);
});

test('[BUG] 2.7: what a machine needs beyond its guest is counted where it is admitted, so that what is let in also starts', async () => {
  await using lab = await startTestLab();
  await installMachineKinds(lab.admin);
  const machine = (cpu: number) =>
    environment('vm', { environmentType: 'VirtualMachine', image: 'a/b:1', resources: { cpu, memory: '2G', reservedCPUPercentage: 25 } });
  await course(lab, [machine(2)], { cpu: 2, memory: '20G', instances: 3 });
  await expect(lab.admin.create(instances, instance('ada', 'mine', OF))).rejects.toThrow('quota exceeded: CPU (2500m > 2)');
});

test('[BUG] 2.7: claims that only show volumes of elsewhere keep no disk out that fits the quota', async () => {
  await using lab = await startTestLab();
  const kept = { persistent: true, mountMyDriveVolume: true, resources: { cpu: 1, memory: '1G', disk: '5Gi', reservedCPUPercentage: 10 } };
  await course(lab, [environment('web', kept)], { cpu: 10, memory: '20G', instances: 3, disk: '10Gi' });
  await lab.admin.create(instances, instance('ada', 'one', OF));
  await phase(lab, 'one', 'Ready');
  await lab.admin.create(instances, instance('ada', 'two', OF));
  await phase(lab, 'two', 'Ready');
  await expect(lab.admin.create(instances, instance('ada', 'three', OF))).rejects.toThrow('quota exceeded: Disk (15Gi > 10Gi)');
});

test('[BUG] 2.8: a manager reaches the instances of his own course and of no other, also in the same namespace', async () => {
  await using lab = await startTestLab();
  await course(lab, [environment('web', { environmentType: 'Standalone' })]);
  await lab.admin.create(workspaces, workspace('other'));
  await lab.admin.create(instances, instance('ada', 'mine', OF));
  await phase(lab, 'mine', 'Ready');
  const own = lab.as('boss', 'kubernetes:workspace-net:manager');
  const foreign = lab.as('rival', 'kubernetes:workspace-other:manager');
  expect((await own.get(instances, 'mine', NS)).metadata.name).toBe('mine');
  const attempts = [
    foreign.get(instances, 'mine', NS),
    foreign.list(instances, { namespace: NS }),
    foreign.list(instances),
    own.list(instances),
    foreign.delete(instances, 'mine', NS),
    foreign.patch(instances, 'mine', NS, { spec: { running: false } }),
  ];
  for (const one of await Promise.allSettled(attempts)) expect(one).toMatchObject({ status: 'rejected', reason: { code: 'Forbidden' } });
  const user = { username: 'rival', groups: ['kubernetes:workspace-other:manager'] };
  const view = { verb: 'get', group: 'crownlabs.polito.it', resource: 'instances', subresource: 'view', namespace: NS, name: 'mine' };
  expect((await review(lab.room('gateway'), user, view)).allowed).toBe(false);
});

test('[BUG] 2.9: whoever starts an instance of a personal template, it is counted in the quota of its owner', async () => {
  await using lab = await startTestLab();
  await lab.admin.create(tenants, tenant('ada', {}, { personalWorkspace: { cpu: 1, memory: '2G', instances: 2 } }));
  await lab.admin.create(tenants, tenant('poor'));
  await eventually(() => lab.admin.get(namespaces, NS));
  const own = template('x', 'own', [environment('web')]);
  await lab.admin.create(templates, { ...own, metadata: { name: 'own', namespace: NS } });
  const made = (name: string, running: boolean) => {
    const it = instance('ada', name, { workspace: 'x', template: 'own' }, { running });
    return { ...it, spec: { ...it.spec, 'template.crownlabs.polito.it/TemplateRef': { name: 'own', namespace: NS } } };
  };
  // The administrator is no tenant at all: nothing of his own could be meant.
  await lab.admin.create(instances, made('one', true));
  await phase(lab, 'one', 'Ready');
  await expect(lab.admin.create(instances, made('two', true))).rejects.toThrow('quota exceeded: CPU (2 > 1)');
  const nothing = lab.admin.patch(tenants, 'ada', undefined, { spec: { personalWorkspace: null } });
  await expect(nothing).rejects.toMatchObject({ code: 'Conflict' });
});

test('[BUG] 2.9: a stopped instance takes no processor, but a persistent one keeps its disk', async () => {
  await using lab = await startTestLab({ config: { keepStoppedMs: 0 } });
  const disk = { persistent: true, resources: { cpu: 4, memory: '1G', disk: '6Gi', reservedCPUPercentage: 10 } };
  await course(lab, [environment('web', disk)], { cpu: 4, memory: '20G', instances: 3, disk: '10Gi' });
  await lab.admin.create(instances, instance('ada', 'one', OF));
  await phase(lab, 'one', 'Ready');
  // Made stopped, it needs nothing yet.
  await lab.admin.create(instances, instance('ada', 'two', OF, { running: false }));
  await lab.admin.patch(instances, 'one', NS, { spec: { running: false } });
  await phase(lab, 'one', 'Off');
  const start = lab.admin.patch(instances, 'two', NS, { spec: { running: true } });
  await expect(start).rejects.toThrow('quota exceeded: Disk');
});

test('[BUG] 2.9, 7.2: templates of other courses, other owners, rights by label and a status by hand are refused', async () => {
  await using lab = await startTestLab();
  await course(lab, [environment('web')]);
  await lab.admin.create(workspaces, workspace('other'));
  await lab.admin.create(tenants, tenant('boss', { net: 'manager' }));
  await eventually(() => lab.admin.get(namespaces, 'workspace-other'));
  await lab.admin.create(templates, template('other', 'secret'));
  const ada = lab.as('ada', 'kubernetes:workspace-net:user');
  await eventually(() => ada.create(instances, instance('ada', 'mine', OF)));
  await phase(lab, 'mine', 'Ready');
  const made = instance('ada', 'evil', OF);
  const attempts: [string, Promise<unknown>][] = [
    [
      'a template of a course that she is not in',
      ada.create(instances, instance('ada', 'evil', { workspace: 'other', template: 'secret' })),
    ],
    [
      'in the name of another',
      ada.create(instances, { ...made, spec: { ...made.spec, 'tenant.crownlabs.polito.it/TenantRef': { name: 'boss' } } }),
    ],
    ['in the namespace of another', ada.create(instances, instance('boss', 'evil', OF))],
    [
      'with a label that gives a stranger rights',
      ada.create(instances, { ...made, metadata: { ...made.metadata, labels: { 'crownlabs.polito.it/workspace': 'other' } } }),
    ],
    ['her label changed later', ada.patch(instances, 'mine', NS, { metadata: { labels: { 'crownlabs.polito.it/workspace': 'other' } } })],
    [
      'an address by hand',
      ada.patch(instances, 'mine', NS, { status: { environments: [{ name: 'web', ip: '10.0.0.1' }] } }, { subresource: 'status' }),
    ],
    ['a role by label', ada.patch(tenants, 'ada', undefined, { metadata: { labels: { 'crownlabs.polito.it/workspace-net': 'manager' } } })],
  ];
  const results = await Promise.allSettled(attempts.map(([, asked]) => asked));
  const through = attempts.flatMap(([what], i) => (results[i]?.status === 'fulfilled' ? [what] : []));
  expect(through).toEqual([]);
  for (const result of results) expect(result).toMatchObject({ reason: { code: 'Forbidden' } });
  const moved = ada.patch(instances, 'mine', NS, {
    spec: { 'template.crownlabs.polito.it/TemplateRef': { name: 'secret', namespace: 'workspace-other' } },
  });
  await expect(moved).rejects.toThrow(/cannot be changed/);
});
