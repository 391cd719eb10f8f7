import { type Environment, type Instance, imageBuilds, instances, LAB_GROUP, templates, tenants, workspaces } from '@crownlabs/api';
import { environment, instance, type TestLab, template, tenant, workspace } from '@crownlabs/testkit';

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
  const quota = { cpu: 8, memory: '8G', disk: '40G', instances: 5 };
  await lab.admin.create(workspaces, workspace('netgroup', { prettyName: 'Computer Networks', quota }));
  await lab.admin.create(workspaces, workspace('compilers', { prettyName: 'Compilers', autoEnroll: 'withApproval', quota }));
  await people(lab);
  await lab.settled();
  await offer(lab);
  await lab.settled();
  await running(lab);
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
