import { ANNOTATION, amountText, canonicalName, cutName, ENVIRONMENT_SECURITY } from '@crownlabs/api';
import { type Kube, keyOf, keyText, NETWORKS_ANNOTATION, ownedBy } from '@crownlabs/client';
import type { Container, Pod, Volume, VolumeMount } from 'kubernetes-types/core/v1.js';
import type { GuestSpec } from '../kinds/guest-schema.ts';
import type { Guest } from '../kinds/kinds.ts';
import { claimOf, disksOf, drivesOf, folderPreparation, type PreparedMemory, volumeOf } from './drives.ts';
import { type Acceleration, emulatorCommand } from './emulator.ts';
import { firmwareIdOf, hardwareAddressOf, podMemory, processors } from './hardware.ts';
import { extraCards, networkWishes, podCard, TUN_RESOURCE } from './networks.ts';
import { PLACES } from './places.ts';
import { guestProbe } from './probe.ts';
import { memoryFile } from './sleep.ts';

/** How machines are run here. */
export interface LauncherConfig {
  /** The image that carries the emulator and the scripts around it. */
  readonly image: string;
  readonly acceleration: Acceleration;
  /** Private networks that disk images may be fetched from. Absent: none. */
  readonly importFrom?: readonly string[];
}

/** The resource of a node by which pods ask for the device that runs guests, as KubeVirt has it. */
export const KVM_RESOURCE = 'devices.kubevirt.io/kvm';

type GuestVolume = NonNullable<GuestSpec['volumes']>[number];
type NewPod = Omit<Kube<Pod>, 'metadata'> & { metadata: Record<string, unknown> };

/** Label of the pods that run machines, as KubeVirt has it. */
export const LAUNCHER_LABELS = { 'kubevirt.io': 'virt-launcher' } as const;

const POD_GRACE_S = 15;
const DEFAULT_GRACE_S = 30;
const SEED_KEYS = { userdata: ['userdata', 'userData'], networkdata: ['networkdata', 'networkData'] } as const;

const LAUNCHER_PREFIX = 'virt-launcher-';

/** Whether a pod runs a machine, by its name: an engine knows no labels. */
export function isLauncherName(pod: string): boolean {
  return pod.startsWith(LAUNCHER_PREFIX);
}

/** The name of the pod that runs a guest. Another life of the guest has another one. */
export function launcherName({ metadata: { name, uid = '' } }: Guest): string {
  return cutName(`${LAUNCHER_PREFIX}${name}-${uid.replaceAll('-', '').slice(0, 5)}`);
}

/** The hardware address of a guest's card. */
export function macOf({ metadata: { uid = '' }, spec }: Guest): string {
  return podCard(spec)?.macAddress ?? hardwareAddressOf(uid);
}

/** What a guest's pod is made with beside the guest. */
export interface LauncherParts {
  /** The images that disks lean on, by the names of their claims. */
  readonly bases: ReadonlyMap<string, string>;
  /** What the guest goes on from, or why it boots, where it was to go on from something. */
  readonly start?: { readonly memory: PreparedMemory } | { readonly boots: string } | undefined;
}

/** The pod that runs a guest: an ordinary one, which may do nothing that other pods may not. */
export function launcherPod(guest: Guest, config: LauncherConfig, parts: LauncherParts): NewPod {
  const { spec, metadata } = guest;
  const { name, namespace = '', uid = '', labels } = metadata;
  const grace = spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_S;
  const memory = memoryOf(parts);
  const bases = [...parts.bases, ...(memory ? [[memory.claim, memory.base] as const] : [])];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: launcherName(guest),
      namespace,
      labels: { ...labels, ...LAUNCHER_LABELS, 'kubevirt.io/created-by': uid, 'vm.kubevirt.io/name': cutName(name) },
      annotations: {
        'kubevirt.io/domain': name,
        'kubectl.kubernetes.io/default-container': 'compute',
        ...startNote(parts),
        ...inlineSeeds(spec),
        ...networksNote(spec, namespace),
      },
      ownerReferences: [ownedBy(guest)],
    },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: grace + POD_GRACE_S,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(spec.hostname === undefined ? {} : { hostname: spec.hostname }),
      ...(spec.nodeSelector ? { nodeSelector: spec.nodeSelector } : {}),
      securityContext: ENVIRONMENT_SECURITY,
      containers: [compute(guest, config, { grace, bases: new Map(bases), memory })],
      volumes: [
        { name: 'run', emptyDir: {} },
        ...(spec.volumes ?? []).flatMap((volume) => podVolume(volume)),
        ...bases.map(([claim, base]) => imageVolume(baseName(claim), base, 'Never')),
        ...(memory ? [{ name: PREPARED, persistentVolumeClaim: { claimName: memory.shownAs, readOnly: true } }] : []),
      ],
    },
  };
}

/** The networks beside the pod's own. */
function networksNote(spec: GuestSpec, namespace: string): Record<string, string> {
  const wishes = networkWishes(spec, namespace);
  return wishes.length === 0 ? {} : { [NETWORKS_ANNOTATION]: JSON.stringify(wishes) };
}

/** The volume that a machine goes on from. */
const PREPARED = 'prepared';

function memoryOf({ start }: LauncherParts): PreparedMemory | undefined {
  return start && 'memory' in start ? start.memory : undefined;
}

/** How the guest is meant to come up, for those who tell how it did. */
function startNote({ start }: LauncherParts): Record<string, string> {
  if (!start) return {};
  return { [ANNOTATION.instantStart]: 'memory' in start ? GOES_ON : start.boots };
}

/** Says of a launcher pod that its guest goes on from what was prepared; everything else is why it boots. */
export const GOES_ON = 'goes on';

interface ComputeParts {
  readonly grace: number;
  readonly bases: ReadonlyMap<string, string>;
  readonly memory: PreparedMemory | undefined;
}

/** The name of the volume that the disk of a claim leans on. */
function baseName(claim: string): string {
  return cutName(`base-${canonicalName(claim)}`);
}

function compute(guest: Guest, { image, acceleration }: LauncherConfig, { grace, bases, memory }: ComputeParts): Container {
  const { spec, metadata } = guest;
  const hostname = spec.hostname ?? metadata.name;
  const drives = drivesOf(spec, { id: `${metadata.name}.${metadata.namespace}`, hostname, bases, prepared: memory });
  const key = keyText(keyOf(guest));
  const firmwareId = firmwareIdOf(key);
  const isPrepared = metadata.annotations?.[ANNOTATION.prepare] === 'true';
  const command = emulatorCommand({ name: metadata.name, key, spec, drives, acceleration, mac: macOf(guest), firmwareId, isPrepared });
  const readiness = guestProbe(spec.readinessProbe);
  const liveness = guestProbe(spec.livenessProbe);
  return {
    name: 'compute',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: [`${PLACES.programs}/run-machine`, String(grace)],
    args: [...drives.flatMap(({ preparation }) => preparation), ...folderPreparation(spec), ...rememberedBy(guest), '--', ...command],
    terminationMessagePolicy: 'FallbackToLogsOnError',
    resources: resourcesOf(spec.domain, devicesOf(spec, acceleration)),
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true },
    volumeMounts: [
      { name: 'run', mountPath: PLACES.run },
      ...mountsOf(spec),
      ...[...bases.keys()].map((claim) => ({ name: baseName(claim), mountPath: `${PLACES.bases}/${claim}`, readOnly: true })),
      ...(memory ? [{ name: PREPARED, mountPath: PLACES.prepared, readOnly: true }] : []),
    ],
    ...(readiness ? { readinessProbe: readiness } : {}),
    ...(liveness ? { livenessProbe: liveness } : {}),
  };
}

/** A machine that was put to sleep goes on from there; one that boots forgets what another life of it remembered. */
function rememberedBy({ metadata, spec }: Guest): string[] {
  const file = memoryFile(spec);
  if (file === undefined) return [];
  return ['memory', file, metadata.annotations?.[ANNOTATION.resumed] === 'true' ? 'resume' : 'forget'];
}

/** The devices of the node that a guest is run with. */
function devicesOf(spec: GuestSpec, acceleration: Acceleration): Record<string, string> {
  return { ...(acceleration === 'kvm' ? { [KVM_RESOURCE]: '1' } : {}), ...(extraCards(spec).length > 0 ? { [TUN_RESOURCE]: '1' } : {}) };
}

/** A tenth of the processors is promised, as KubeVirt does; memory is promised whole, and the emulator's own comes on top. */
function resourcesOf(domain: GuestSpec['domain'], devices: Record<string, string>): NonNullable<Container['resources']> {
  const { requests = {}, limits = {} } = domain.resources ?? {};
  const texts = (amounts: Record<string, string | number>) => Object.fromEntries(Object.entries(amounts).map(([k, v]) => [k, String(v)]));
  const memory = amountText(podMemory(domain, requests['memory'] ?? limits['memory']));
  const bound = limits['memory'] === undefined ? {} : { memory: amountText(podMemory(domain, limits['memory'])) };
  return {
    requests: { cpu: `${processors(domain) * 100}m`, ...texts(requests), memory, ...devices },
    limits: { ...texts(limits), ...bound, ...devices },
  };
}

function podVolume(volume: GuestVolume): Volume[] {
  const { name, containerDisk, cloudInitNoCloud: seed } = volume;
  const claim = claimOf(volume);
  if (claim !== undefined) {
    const readOnly = volume.persistentVolumeClaim?.readOnly;
    return [{ name: `claim-${name}`, persistentVolumeClaim: { claimName: claim, ...(readOnly ? { readOnly } : {}) } }];
  }
  if (containerDisk) {
    const { image, imagePullPolicy } = containerDisk;
    return [imageVolume(`image-${name}`, image, imagePullPolicy)];
  }
  return seed ? [{ name: `seed-${name}`, projected: { sources: seedSources(name, seed) } }] : [];
}

/** The files of an image as a volume: https://kubernetes.io/docs/concepts/storage/volumes/#image. The types that we use do not know it yet. */
export function imageVolume(name: string, reference: string, pullPolicy: string | undefined): Volume {
  const image = { reference, ...(pullPolicy === undefined ? {} : { pullPolicy }) };
  return Object.assign<Volume, object>({ name }, { image });
}

type Seed = NonNullable<GuestVolume['cloudInitNoCloud']>;
type Source = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

function seedSources(volume: string, seed: Seed): Source[] {
  const ofSecret = (name: string | undefined, as: 'userdata' | 'networkdata'): Source[] =>
    name === undefined ? [] : SEED_KEYS[as].map((key) => ({ secret: { name, optional: true, items: [{ key, path: as }] } }));
  const inline = Object.keys(inlineTexts(seed)).map((as) => ({
    path: as,
    fieldRef: { fieldPath: `metadata.annotations['${seedAnnotation(volume, as)}']` },
  }));
  return [
    ...ofSecret(seed.secretRef?.name, 'userdata'),
    ...ofSecret(seed.networkDataSecretRef?.name ?? seed.secretRef?.name, 'networkdata'),
    ...(inline.length > 0 ? [{ downwardAPI: { items: inline } }] : []),
  ];
}

function seedAnnotation(volume: string, as: string): string {
  return `virt.crownlabs.polito.it/${cutName(`${as}.${volume}`)}`;
}

/** Texts that stand in the spec reach the pod as they are: whoever may read the spec may read them anyway. */
function inlineSeeds({ volumes = [] }: GuestSpec): Record<string, string> {
  const entries = volumes.flatMap(({ name, cloudInitNoCloud }) =>
    Object.entries(inlineTexts(cloudInitNoCloud ?? {})).map(([as, text]) => [seedAnnotation(name, as), text]),
  );
  return Object.fromEntries(entries);
}

function inlineTexts({ userData, userDataBase64, networkData, networkDataBase64 }: Seed): Record<string, string> {
  const text = (plain: string | undefined, encoded: string | undefined) =>
    plain ?? (encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString());
  const texts = { userdata: text(userData, userDataBase64), networkdata: text(networkData, networkDataBase64) };
  return Object.fromEntries(Object.entries(texts).flatMap(([as, it]) => (it === undefined ? [] : [[as, it]])));
}

function mountsOf(spec: GuestSpec): VolumeMount[] {
  const folders = new Set((spec.domain.devices.filesystems ?? []).map(({ name }) => name));
  const used = new Set([...disksOf(spec).map(({ name }) => name), ...folders]);
  return [...used].flatMap((name) => {
    const volume = volumeOf(spec, name);
    if (claimOf(volume) !== undefined) return [{ name: `claim-${name}`, mountPath: `${PLACES.claims}/${name}` }];
    if (volume.containerDisk) return [{ name: `image-${name}`, mountPath: `${PLACES.images}/${name}`, readOnly: true }];
    return volume.cloudInitNoCloud ? [{ name: `seed-${name}`, mountPath: `${PLACES.seeds}/${name}`, readOnly: true }] : [];
  });
}
