import { LabError } from '@crownlabs/std';
import type { GuestSpec } from '../kinds/guest-schema.ts';
import { DISK_FILE, PLACES } from './places.ts';

type Volume = NonNullable<GuestSpec['volumes']>[number];
type Disk = NonNullable<GuestSpec['domain']['devices']['disks']>[number];

/** A disk as the emulator gets it: a file, and what has to be done before it is there. */
export interface Drive {
  readonly disk: Disk;
  readonly file: string;
  readonly format: 'qcow2' | 'raw';
  readonly readOnly: boolean;
  /** Words for the launcher: what to make before the machine starts. */
  readonly preparation: readonly string[];
}

/** The volume of that name. */
export function volumeOf(spec: GuestSpec, name: string): Volume {
  const volume = spec.volumes?.find((it) => it.name === name);
  if (!volume) throw new LabError('Invalid', `There is no volume ${name} in spec.volumes.`);
  return volume;
}

/** The disks of a machine, in order. A volume that nothing is said of is one too. */
export function disksOf({ domain: { devices }, volumes = [] }: GuestSpec): Disk[] {
  const { disks = [], filesystems = [] } = devices;
  const said = new Set([...disks, ...filesystems].map(({ name }) => name));
  return [...disks, ...volumes.filter(({ name }) => !said.has(name)).map(({ name }) => ({ name }))];
}

/** The claim behind a volume, where there is one. A disk of a DataVolume has the name of that. */
export function claimOf({ dataVolume, persistentVolumeClaim }: Volume): string | undefined {
  return dataVolume?.name ?? persistentVolumeClaim?.claimName;
}

/** Where a folder is that a machine shares: a volume, or an empty one of the machine's own. */
export function folderPlace(spec: GuestSpec, name: string): string {
  return volumeOf(spec, name).emptyDisk ? `${PLACES.run}/${name}` : `${PLACES.claims}/${name}`;
}

/** Words for the launcher: the empty folders to make. */
export function folderPreparation(spec: GuestSpec): string[] {
  const names = (spec.domain.devices.filesystems ?? []).map(({ name }) => name);
  return names.filter((name) => volumeOf(spec, name).emptyDisk).flatMap((name) => ['folder', folderPlace(spec, name)]);
}

/** What the drives of one machine depend on beside its spec. */
export interface DriveContext {
  readonly id: string;
  readonly hostname: string;
  /** The images that disks lean on, by the names of their claims. */
  readonly bases: ReadonlyMap<string, string>;
  /** What its first disk goes on from, if it does. */
  readonly prepared?: PreparedMemory | undefined;
}

/** A memory that a machine goes on from, and the disk as it was then. */
export interface PreparedMemory {
  /** The volume of this machine that goes on from the disk. */
  readonly volume: string;
  /** The claim that the disk was made in: it names its image by that. */
  readonly claim: string;
  /** The claim that shows it in the machine's namespace. */
  readonly shownAs: string;
  /** The image that the disk leans on. */
  readonly base: string;
}

/** The disks of a machine, in order. Starting copies nothing: what must not change is written over in a file of its own. */
export function drivesOf(spec: GuestSpec, identity: DriveContext): Drive[] {
  return disksOf(spec).map((disk) => driveOf(disk, volumeOf(spec, disk.name), identity));
}

function driveOf(disk: Disk, volume: Volume, { id, hostname, bases, prepared }: DriveContext): Drive {
  const { name } = volume;
  const readOnly = disk.cdrom !== undefined || disk.disk?.readonly === true;
  const made = (suffix: string) => `${PLACES.run}/${name}.${suffix}`;
  if (volume.containerDisk) {
    const from = `${PLACES.images}/${name}${volume.containerDisk.path ?? '/disk'}`;
    const boots = ['overlay', made('qcow2'), from];
    const goesOn = prepared?.volume === name && ['instant', made('qcow2'), PLACES.prepared, `${PLACES.bases}/${prepared.claim}/disk`, from];
    return { disk, file: made('qcow2'), format: 'qcow2', readOnly, preparation: goesOn || boots };
  }
  if (volume.emptyDisk) {
    const preparation = ['empty', made('qcow2'), String(volume.emptyDisk.capacity)];
    return { disk, file: made('qcow2'), format: 'qcow2', readOnly, preparation };
  }
  if (volume.cloudInitNoCloud) {
    const preparation = ['seed', made('iso'), `${PLACES.seeds}/${name}`, id, hostname];
    return { disk, file: made('iso'), format: 'raw', readOnly: true, preparation };
  }
  const claim = claimOf(volume);
  if (claim === undefined) throw new LabError('Invalid', `Volume ${name} has no source that can be a disk.`);
  // The format is never read from the disk: a guest could write one into it that names other files.
  const format = bases.has(claim) ? 'qcow2' : 'raw';
  return { disk, file: `${PLACES.claims}/${name}/${DISK_FILE}`, format, readOnly, preparation: [] };
}
