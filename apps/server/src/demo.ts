import { randomUUID } from 'node:crypto';
import { type Template, templates, type Workspace, workspaceNamespace, workspaces } from '@crownlabs/api';
import { apiVersionOf, configMaps, type KubeClient, namespaces } from '@crownlabs/client';
import type { Accounts } from '@crownlabs/identity';
import type { Config } from './config.ts';
import { keepSignIns, unseenSignIns } from './demo-sign-ins.ts';

const WORKSPACE = 'netgroup';
const MARKER = { name: 'demo-content', namespace: 'crownlabs-system' };

const people = [
  { name: 'admin', firstName: 'Alma', lastName: 'Admin', role: undefined },
  { name: 'teacher', firstName: 'Tullia', lastName: 'Teacher', role: 'manager' },
  { name: 'student', firstName: 'Stefano', lastName: 'Student', role: 'user' },
] as const;

type Environment = Template['spec']['environmentList'][number];

interface Demo {
  readonly name: string;
  /** Where it is not named like the template. */
  readonly image?: string;
  readonly prettyName: string;
  readonly description: string;
  readonly environment: Pick<Environment, 'environmentType' | 'guiEnabled'> & { memory: string; cpu: number; disk?: string };
}

const DEMOS: readonly Demo[] = [
  {
    name: 'desktop',
    prettyName: 'Linux desktop',
    description: 'A full desktop in the browser: terminal, Firefox, editor and files.',
    environment: { environmentType: 'Container', guiEnabled: true, cpu: 2, memory: '2G' },
  },
  {
    name: 'jupyter',
    prettyName: 'Jupyter notebook',
    description: 'Python notebooks with NumPy, SciPy, pandas and Matplotlib.',
    environment: { environmentType: 'Standalone', guiEnabled: true, cpu: 1, memory: '1G' },
  },
  {
    name: 'terminal',
    prettyName: 'Terminal',
    description: 'A shell with git, Python, an editor and network tools.',
    environment: { environmentType: 'Container', guiEnabled: false, cpu: 1, memory: '256M' },
  },
];

const MACHINE: Demo = {
  name: 'server',
  image: 'vm-server',
  prettyName: 'Linux server',
  description: 'A whole machine of your own, with a kernel, a disk and a console. It boots in half a minute.',
  environment: { environmentType: 'VirtualMachine', guiEnabled: false, cpu: 2, memory: '1Gi', disk: '8G' },
};

/**
 * Creates the demo workspace, templates and people, once in the life of an installation.
 * Where machines run, there is one to start. Returns lines with the sign-ins until they were shown, and nothing after: passwords are not kept in the clear.
 */
export async function createDemo(
  client: KubeClient,
  accounts: Accounts,
  { dataDir, virtualMachines }: Pick<Config, 'dataDir' | 'virtualMachines'>,
): Promise<string[]> {
  if (await client.find(configMaps, MARKER.name, MARKER.namespace)) return unseenSignIns(dataDir);
  await client.apply(workspaces, workspace());
  await namespaceOf(client, workspaceNamespace(WORKSPACE));
  const demos = virtualMachines ? [...DEMOS, MACHINE] : DEMOS;
  await Promise.all(demos.map((demo) => client.apply(templates, template(demo))));
  const lines = await Promise.all(
    people.map(async ({ role, ...person }) => {
      const workspacesOf = role ? [{ name: WORKSPACE, role }] : [];
      const { password } = await accounts.createUser({
        ...person,
        email: `${person.name}@example.org`,
        workspaces: workspacesOf,
        admin: !role,
      });
      return `${person.name.padEnd(8)} ${password}`;
    }),
  );
  const said = ['Sign in as one of these (shown this once; `crownlabs user passwd` sets a new one):', ...lines.map((line) => `  ${line}`)];
  await keepSignIns(dataDir, said);
  await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: MARKER, data: { id: randomUUID() } });
  return said;
}

function workspace() {
  const spec: Workspace['spec'] = { prettyName: 'Netgroup', quota: { cpu: 8, memory: '12G', instances: 5 } };
  return { apiVersion: apiVersionOf(workspaces), kind: workspaces.kind, metadata: { name: WORKSPACE }, spec };
}

function template({ name, image = name, prettyName, description, environment }: Demo) {
  const { cpu, memory, disk, environmentType, guiEnabled } = environment;
  return {
    apiVersion: apiVersionOf(templates),
    kind: templates.kind,
    metadata: { name, namespace: workspaceNamespace(WORKSPACE) },
    spec: {
      prettyName,
      description,
      'workspace.crownlabs.polito.it/WorkspaceRef': { name: WORKSPACE },
      environmentList: [
        {
          name,
          image: `crownlabs/${image}:1`,
          environmentType,
          guiEnabled,
          persistent: disk !== undefined,
          resources: { cpu, memory, ...(disk === undefined ? {} : { disk }), reservedCPUPercentage: 10 },
        },
      ],
    },
  };
}

/** The operators make the namespace; a template needs it. */
async function namespaceOf(client: KubeClient, name: string): Promise<void> {
  const signal = AbortSignal.timeout(15_000);
  if (await client.find(namespaces, name)) return;
  for await (const { object } of client.watch(namespaces, { fieldSelector: `metadata.name=${name}` }, signal)) {
    if (object.metadata.name === name) return;
  }
}
