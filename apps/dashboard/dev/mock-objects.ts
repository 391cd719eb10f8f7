import { type Environment, type Instance, imageBuilds, instances, LAB_GROUP, templates, tenants, workspaces } from '@crownlabs/api';
import { dataVolumes, type KubeObject, type Resource, virtualMachines } from '@crownlabs/client';
import { environment, eventually, installMachineKinds, instance, type TestLab, template, tenant, workspace } from '@crownlabs/testkit';

/** Who signs in: what the gateway would say of them, and the groups in their token. */
export const PEOPLE: Record<string, { displayName: string; email: string; groups: string[] }> = {
  student: { displayName: 'Ada Rossi', email: 'ada.rossi@example.org', groups: ['workspace-netgroup:user'] },
  teacher: {
    displayName: 'Marco Iorio',
    email: 'marco.iorio@example.org',
    groups: ['workspace-netgroup:manager', 'workspace-netgroup:user'],
  },
  admin: { displayName: 'Grace Conti', email: 'grace.conti@example.org', groups: ['admin', 'workspace-netgroup:user'] },
};

const STUDENTS = ['Luca Bianchi', 'Giulia Ferrari', 'Omar Haddad', 'Chen Wei', 'Sofia Ricci', 'Noah Klein'];
const login = (name: string) => name.toLowerCase().replace(' ', '.');
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGmCqmkUmyYdWcsR8bHXbbHy7PEXTk2YzqGvYbXG3EvR ada@laptop';

/** A course with its people, its environments and some of them running. */
export async function fillLab(lab: TestLab): Promise<void> {
  await installMachineKinds(lab.admin);
  const quota = { cpu: 8, memory: '8G', disk: '40G', instances: 5 };
  await lab.admin.create(workspaces, workspace('netgroup', { prettyName: 'Computer Networks', quota }));
  await lab.admin.create(workspaces, workspace('compilers', { prettyName: 'Compilers', autoEnroll: 'withApproval', quota }));
  await people(lab);
  await lab.settled();
  await offer(lab);
  await lab.settled();
  await running(lab);
  await machines(lab);
}

async function people({ admin }: TestLab): Promise<void> {
  const names = (full: string) => ({ firstName: full.split(' ')[0] ?? '', lastName: full.split(' ')[1] ?? '' });
  const seen = () => new Date(Date.now() - Math.random() * 40 * 3_600_000).toISOString();
  const known = {
    student: { netgroup: 'user', compilers: 'candidate' },
    teacher: { netgroup: 'manager' },
    admin: { netgroup: 'user' },
  } as const;
  for (const [name, memberships] of Object.entries(known)) {
    const { displayName, email } = PEOPLE[name] ?? { displayName: name, email: '' };
    await admin.create(
      tenants,
      tenant(name, memberships, { ...names(displayName), email, lastLogin: seen(), publicKeys: name === 'student' ? [KEY] : [] }),
    );
  }
  for (const full of STUDENTS)
    await admin.create(tenants, tenant(login(full), { netgroup: 'user' }, { ...names(full), lastLogin: seen() }));
}

async function offer({ admin }: TestLab): Promise<void> {
  const put = (name: string, prettyName: string, description: string, change: Partial<Environment>) => {
    const made = template('netgroup', name, [environment(name, change)]);
    return admin.create(templates, { ...made, spec: { ...made.spec, prettyName, description } });
  };
  const size = (cpu: number | string, memory: string, disk?: string) => ({
    cpu,
    memory,
    reservedCPUPercentage: 25,
    ...(disk ? { disk } : {}),
  });
  await put('desktop', 'Linux desktop', 'XFCE with a terminal, Firefox, a text editor and a file manager.', { resources: size(2, '2G') });
  await put('jupyter', 'Jupyter notebook', 'Python notebooks with NumPy, SciPy, pandas and Matplotlib.', {
    environmentType: 'Standalone',
    persistent: true,
    resources: size(1, '1G', '5G'),
  });
  await put('terminal', 'Terminal', 'A shell with git, Python, an editor and the usual network tools.', {
    guiEnabled: false,
    resources: size('250m', '256M'),
  });
  await put('router', 'Router lab', 'A virtual machine with FRRouting and four interfaces.', {
    environmentType: 'VirtualMachine',
    resources: size(8, '4G'),
  });
  await put('server', 'Server', 'A Debian server of your own, with root.', {
    environmentType: 'CloudVM',
    image: 'https://images.example.org/debian.qcow2',
    guiEnabled: false,
    persistent: true,
    resources: size('500m', '512M', '10G'),
  });
  await put('kernel', 'Kernel workshop', 'A whole machine with a desktop, to build and boot kernels.', {
    environmentType: 'VirtualMachine',
    persistent: true,
    resources: size('500m', '1G', '12G'),
  });
  await put('legacy', 'Exercise 3', 'The old image of last year.', { image: 'crownlabs/legacy:1' });
  const builds = {
    desktop: { phase: 'Ready' },
    jupyter: { phase: 'Ready' },
    terminal: { phase: 'Building', percent: 42, step: 'Installing packages (61 of 144)' },
  } as const;
  for (const [name, status] of Object.entries(builds)) {
    const spec = { image: `crownlabs/${name}:1`, recipe: name };
    await admin.create(imageBuilds, { apiVersion: `${LAB_GROUP}/v1alpha1`, kind: 'ImageBuild', metadata: { name }, spec });
    await admin.patch(imageBuilds, name, undefined, { status }, { subresource: 'status' });
  }
}

async function running(lab: TestLab): Promise<void> {
  const put = (owner: string, name: string, of: string, spec: Partial<Instance['spec']> = {}) =>
    lab.admin.create(instances, instance(owner, name, { workspace: 'netgroup', template: of }, spec));
  await put('student', 'instance-a1', 'desktop', { prettyName: 'Routing exercise' });
  await put('student', 'instance-a2', 'jupyter', { running: false });
  for (const [index, full] of STUDENTS.entries())
    await put(login(full), `instance-s${index}`, index % 3 === 2 ? 'jupyter' : 'desktop', { running: index !== 4 });
  await lab.settled();
  lab.node.breakImage('crownlabs/legacy:1');
  await put('luca.bianchi', 'instance-s9', 'legacy');
  await lab.settled();
}

/** Machines with nobody behind them: what KubeVirt and CDI would say is said here, once. */
async function machines(lab: TestLab): Promise<void> {
  const put = (name: string, of: string, spec: Partial<Instance['spec']> = {}) =>
    lab.admin.create(instances, instance('student', name, { workspace: 'netgroup', template: of }, spec));
  await Promise.all([put('instance-v1', 'server'), put('instance-v2', 'kernel', { prettyName: 'Boot my kernel' })]);
  const says = <T extends KubeObject>(kind: Resource<T>, name: string, status: object) =>
    eventually(() => lab.admin.patch(kind, name, 'tenant-student', { status }, { subresource: 'status' }));
  await says(dataVolumes, 'instance-v2-kernel', { phase: 'Succeeded', progress: '100.0%' });
  await says(virtualMachines, 'instance-v2-kernel', { printableStatus: 'Running', ready: true, created: true });
  const since = new Date(Date.now() - 150_000).toISOString();
  const conditions = [{ type: 'Running', status: 'True', reason: 'Pod is running', lastTransitionTime: since }];
  await says(dataVolumes, 'instance-v1-server', { phase: 'ImportInProgress', progress: '42.0%', conditions });
  await says(virtualMachines, 'instance-v1-server', { printableStatus: 'Provisioning', ready: false, created: true });
  await lab.settled();
}
