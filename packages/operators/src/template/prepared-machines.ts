import { createHash } from 'node:crypto';
import { ANNOTATION, cutName, type Environment, LABEL, type Template } from '@crownlabs/api';
import { apiVersionOf, controllerOf, type MachineSpec, ownedBy, type VirtualMachine, virtualMachines } from '@crownlabs/client';
import type { OperatorsConfig } from '../config.ts';
import { piece, type Wanted } from '../converge.ts';
import { machineSpec } from '../instance/machine/desired.ts';
import type { Mount } from '../instance/mounts.ts';
import type { Lab } from '../lab.ts';

type Config = Pick<OperatorsConfig, 'machines' | 'drive'>;

/** Whether a memory can be gone on from: it knows of one disk as it was, and of no networks but the one that everybody has. */
export function canGoOn({ environmentType, persistent, networks = [] }: Environment): boolean {
  return environmentType === 'VirtualMachine' && !persistent && networks.length === 0;
}

/** Whether instances of an environment go on from a memory that is prepared once. One that keeps its disk would find another one than it left. */
export function goesOn(environment: Environment, { machines }: Config): boolean {
  return environment.instantStart === true && machines.instantStart === true && canGoOn(environment);
}

/** The `namespace/name` of the machine that instances of an environment go on from. */
export function preparedMachineOf(template: Template, environment: Environment, config: Config): string | undefined {
  if (!goesOn(environment, config)) return undefined;
  return `${template.metadata.namespace}/${preparedMachine(template, environment, config).metadata.name}`;
}

/**
 * The machine that instances of an environment go on from: nobody's, like theirs in all that a memory knows of. Another image or other resources
 * are another machine.
 */
export function preparedMachine(template: Template, environment: Environment, config: Config): Wanted<VirtualMachine> {
  const { name, namespace = '' } = template.metadata;
  const spec = hardware(environment, config);
  const source = { registry: { url: `docker://${environment.image}`, secretRef: config.machines.importSecret } };
  const storage = String(environment.resources.disk ?? config.machines.diskSize);
  const what = createHash('sha256')
    .update(JSON.stringify([spec, source, storage]))
    .digest('hex')
    .slice(0, 8);
  const machine = `${cutName(`instant-${name}-${environment.name}`, 50)}-${what}`;
  const disk = {
    metadata: { name: machine },
    spec: { source, pvc: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } } },
  };
  return {
    apiVersion: apiVersionOf(virtualMachines),
    kind: virtualMachines.kind,
    metadata: {
      name: machine,
      namespace,
      labels: { [LABEL.managedBy]: 'template', [LABEL.template]: cutName(name) },
      annotations: { [ANNOTATION.prepare]: 'true' },
      ownerReferences: [ownedBy(template)],
    },
    spec: {
      dataVolumeTemplates: [disk],
      template: { spec: { ...spec, volumes: [{ name: 'root', dataVolume: { name: machine } }, ...spec.volumes] } },
    },
  };
}

function hardware(environment: Environment, { machines, drive }: Config): MachineSpec {
  const folders = (drive && environment.mountMyDriveVolume ? 1 : 0) + (environment.sharedVolumeMounts ?? []).length;
  const mounts = Array.from({ length: folders }, (_, index): Mount => ({ claim: `folder-${index}`, path: '', readOnly: false }));
  const spec = machineSpec(environment, { name: '', mounts, nodeSelector: undefined, mac: undefined, cards: [], config: machines });
  return {
    ...spec,
    volumes: [
      { name: 'cloud-init', cloudInitNoCloud: { userData: '#cloud-config\n{}\n' } },
      // Nobody's folders: those of who goes on from it take their place.
      ...mounts.map(({ claim }) => ({ name: claim, emptyDisk: { capacity: '1Mi' } })),
    ],
    readinessProbe: { guestAgentPing: {}, periodSeconds: 5, failureThreshold: 30, successThreshold: 1 },
  };
}

/** Keeps the machines that instances of a template go on from, and those alone. */
export async function keepPrepared(lab: Lab, template: Template, config: Config): Promise<VirtualMachine[]> {
  if (!lab.optional.machines.installed) return [];
  const { namespace, uid } = template.metadata;
  const wanted = template.spec.environmentList.filter((it) => goesOn(it, config)).map((it) => preparedMachine(template, it, config));
  const names = new Set(wanted.map(({ metadata }) => metadata.name));
  const mine = lab.optional.machines.list().filter((it) => it.metadata.namespace === namespace && controllerOf(it)?.uid === uid);
  const kept = await Promise.all(
    wanted.map(async (wish) => {
      const known = mine.find(({ metadata }) => metadata.name === wish.metadata.name);
      // Whether it runs is for it to say once it is there: it gives up where it cannot be prepared.
      return known ?? lab.converger.ensure(piece(virtualMachines, { ...wish, spec: { ...wish.spec, running: true } }));
    }),
  );
  await Promise.all(
    mine
      .filter(({ metadata }) => !names.has(metadata.name))
      .map(({ metadata }) => lab.converger.remove(virtualMachines, metadata.name, metadata.namespace)),
  );
  // What was ensured is of the kind that was asked for.
  return kept as VirtualMachine[];
}
