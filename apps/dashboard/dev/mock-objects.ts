import type { KubeObject } from '@crownlabs/client';
import type { FakeApi } from '../../../packages/relay/tests/fake-api.ts';

export const GROUP = 'crownlabs.polito.it';
const V2 = `/apis/${GROUP}/v1alpha2`;
const V1 = `/apis/${GROUP}/v1alpha1`;

/** What the gateway would say of each person. */
export const PEOPLE: Record<string, { displayName: string; email: string }> = {
  student: { displayName: 'Ada Rossi', email: 'ada.rossi@studenti.example.org' },
  teacher: { displayName: 'Marco Iorio', email: 'marco.iorio@example.org' },
  admin: { displayName: 'Grace Conti', email: 'grace.conti@example.org' },
};

const STUDENTS = ['Luca Bianchi', 'Giulia Ferrari', 'Omar Haddad', 'Chen Wei', 'Sofia Ricci', 'Noah Klein'];
const ago = (minutes: number) => `${new Date(Date.now() - minutes * 60_000).toISOString().slice(0, 19)}Z`;
const login = (name: string) => name.toLowerCase().replace(' ', '.');

function tenant(api: FakeApi, name: string, full: string, workspaces: object[]): void {
  const [firstName, lastName] = full.split(' ');
  const created = { name: `tenant-${name.replace('.', '-')}`, created: true };
  const publicKeys =
    name === 'student' ? ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGmCqmkUmyYdWcsR8bHXbbHy7PEXTk2YzqGvYbXG3EvR ada@laptop'] : [];
  api.put(`${V2}/tenants/${name}`, {
    spec: { firstName, lastName, email: `${name}@example.org`, workspaces, publicKeys, lastLogin: ago(Math.random() * 4000) },
    status: { personalNamespace: created, ready: true },
  });
}

function template(
  api: FakeApi,
  workspace: string,
  name: string,
  spec: {
    title: string;
    description: string;
    type: string;
    gui: boolean;
    image: string;
    cpu: number | string;
    memory: string;
    disk?: string;
  },
): void {
  const { title, description, type, gui, image, cpu, memory, disk } = spec;
  const environment = {
    name,
    environmentType: type,
    image,
    guiEnabled: gui,
    persistent: disk !== undefined,
    resources: { cpu, memory, disk, reservedCPUPercentage: 25 },
  };
  const cleanup = {
    deleteAfterCreation: 'never',
    stopAfterInactivity: name === 'jupyter' ? '2h' : 'never',
    deleteAfterInactivity: 'never',
  };
  api.put(`${V2}/namespaces/workspace-${workspace}/templates/${name}`, {
    spec: {
      prettyName: title,
      description,
      [`workspace.${GROUP}/WorkspaceRef`]: { name: workspace },
      environmentList: [environment],
      cleanup,
    },
  });
}

export function instance(
  api: FakeApi,
  owner: string,
  name: string,
  change: { template: string; title?: string; phase: string; minutes?: number; running?: boolean; conditions?: object[] },
): void {
  const namespace = `tenant-${owner.replace('.', '-')}`;
  const { template: of, title, phase, minutes = 30, running = true, conditions = [] } = change;
  api.put(`${V2}/namespaces/${namespace}/instances/${name}`, {
    metadata: { creationTimestamp: ago(minutes), labels: { [`${GROUP}/workspace`]: 'netgroup', [`${GROUP}/template`]: of } },
    spec: {
      running,
      prettyName: title,
      [`template.${GROUP}/TemplateRef`]: { name: of, namespace: 'workspace-netgroup' },
      [`tenant.${GROUP}/TenantRef`]: { name: owner },
    },
    status: { phase, environments: [{ name: of, phase, ip: '10.88.0.4' }], conditions },
  });
}

export function fillLab(api: FakeApi): void {
  tenant(api, 'student', 'Ada Rossi', [
    { name: 'netgroup', role: 'user' },
    { name: 'compilers', role: 'candidate' },
  ]);
  tenant(api, 'teacher', 'Marco Iorio', [{ name: 'netgroup', role: 'manager' }]);
  tenant(api, 'admin', 'Grace Conti', [{ name: 'netgroup', role: 'user' }]);
  for (const name of STUDENTS) tenant(api, login(name), name, [{ name: 'netgroup', role: 'user' }]);
  const quota = { cpu: 8, memory: '8G', disk: '40G', instances: 5 };
  api.put(`${V1}/workspaces/netgroup`, {
    spec: { prettyName: 'Computer Networks', quota },
    status: { ready: true, namespace: { name: 'workspace-netgroup', created: true } },
  });
  api.put(`${V1}/workspaces/compilers`, {
    spec: { prettyName: 'Compilers', autoEnroll: 'withApproval', quota: { ...quota, disk: undefined } },
    status: { ready: true, namespace: { name: 'workspace-compilers', created: true } },
  });
  fillTemplates(api);
  fillInstances(api);
}

function fillTemplates(api: FakeApi): void {
  template(api, 'netgroup', 'desktop', {
    title: 'Linux desktop',
    description: 'XFCE with a terminal, Firefox, a text editor and a file manager.',
    type: 'Container',
    gui: true,
    image: 'crownlabs/desktop:1',
    cpu: 2,
    memory: '2G',
  });
  template(api, 'netgroup', 'jupyter', {
    title: 'Jupyter notebook',
    description: 'Python notebooks with NumPy, SciPy, pandas and Matplotlib.',
    type: 'Standalone',
    gui: true,
    image: 'crownlabs/jupyter:1',
    cpu: 1,
    memory: '1G',
    disk: '5G',
  });
  template(api, 'netgroup', 'terminal', {
    title: 'Terminal',
    description: 'A shell with git, Python, an editor and the usual network tools.',
    type: 'Container',
    gui: false,
    image: 'crownlabs/terminal:1',
    cpu: '250m',
    memory: '256M',
  });
  template(api, 'netgroup', 'router', {
    title: 'Router lab',
    description: 'A virtual machine with FRRouting and four interfaces.',
    type: 'VirtualMachine',
    gui: true,
    image: 'registry/frr',
    cpu: 8,
    memory: '4G',
  });
  build(api, 'desktop', { phase: 'Ready', percent: 100 });
  build(api, 'jupyter', { phase: 'Ready', percent: 100 });
  build(api, 'terminal', { phase: 'Building', percent: 42, step: 'Installing packages (61 of 144)' });
}

function fillInstances(api: FakeApi): void {
  instance(api, 'student', 'instance-a1', { template: 'desktop', title: 'Routing exercise', phase: 'Ready', minutes: 42 });
  instance(api, 'student', 'instance-a2', { template: 'jupyter', title: 'Golden Heron', phase: 'Off', running: false, minutes: 3000 });
  for (const [index, name] of STUDENTS.entries()) {
    const phase = ['Ready', 'Ready', 'Starting', 'Ready', 'Off', 'Failed'][index] ?? 'Ready';
    const conditions =
      phase === 'Failed'
        ? [
            {
              type: 'Ready',
              status: 'False',
              reason: 'ErrImagePull',
              message: 'The image could not be fetched: the registry says that there is no such tag.',
              lastTransitionTime: ago(3),
            },
          ]
        : [];
    instance(api, login(name), `instance-s${index}`, {
      template: index % 3 === 2 ? 'jupyter' : 'desktop',
      title: ['Calm River', 'Brave Otter', 'Swift Lynx', 'Tidy Comet', 'Quiet Fern', 'Merry Pixel'][index] ?? '',
      phase,
      running: phase !== 'Off',
      minutes: 11 * (index + 1),
      conditions,
    });
  }
}

export function build(api: FakeApi, name: string, status: object): void {
  api.put(`/apis/lab.${GROUP}/v1alpha1/imagebuilds/${name}`, { spec: { image: `crownlabs/${name}:1`, recipe: name }, status });
}

/** Plays operator and node: what should run becomes ready after a while, what should not goes off, what is deleted goes. */
export function liveInstances(api: FakeApi): void {
  setInterval(() => {
    for (const [path, object] of api.all()) {
      if (path.includes('/instances/')) settle(api, path, object);
    }
  }, 400).unref();
}

function settle(api: FakeApi, path: string, object: KubeObject): void {
  const spec = Object(Reflect.get(object, 'spec'));
  const status = Object(Reflect.get(object, 'status'));
  const template = String(Object(spec[`template.${GROUP}/TemplateRef`]).name);
  const phase = String(status.phase ?? '');
  const next: Record<string, string> =
    spec.running === false
      ? { Ready: 'Stopping', Starting: 'Stopping', Stopping: 'Off' }
      : { '': 'Starting', Off: 'Starting', Stopping: 'Starting' };
  const slow =
    phase === 'Starting' &&
    spec.running !== false &&
    Date.now() - Date.parse(Object(status.conditions?.[0]).lastTransitionTime ?? 0) > 4000;
  const to = slow && !/\/instance-s\d$/.test(path) ? 'Ready' : next[phase];
  if (!to) return;
  const starting = [
    {
      type: 'Ready',
      status: 'False',
      reason: 'ContainersStarting',
      message: 'The desktop is being started on this machine.',
      lastTransitionTime: new Date().toISOString(),
    },
  ];
  const named = spec.prettyName ? spec : { ...spec, prettyName: 'Sunny Falcon' };
  const metadata = { creationTimestamp: new Date().toISOString(), ...object.metadata, labels: { [`${GROUP}/workspace`]: 'netgroup' } };
  api.put(path, {
    ...object,
    metadata,
    spec: named,
    status: { ...status, phase: to, environments: [{ name: template, phase: to }], conditions: to === 'Starting' ? starting : [] },
  });
}
