/** Where things are in a launcher pod. The scripts of the image `vm-launcher` know the same places. */
export const PLACES = {
  run: '/run/machine',
  programs: '/usr/lib/crownlabs',
  /** The disk images of containerDisks: one directory for each volume. */
  images: '/images',
  /** Claims: one directory for each volume. */
  claims: '/claims',
  /** The images that disks of claims lean on: one directory for each claim. A disk names its base by this place. */
  bases: '/bases',
  /** What the machine goes on from that others prepared. */
  prepared: '/prepared',
  /** What cloud-init is told: one directory for each volume. */
  seeds: '/seeds',
} as const;

/** The sockets that the emulator listens on, reachable from inside the pod alone. */
export const SOCKETS = {
  screen: `${PLACES.run}/screen.sock`,
  console: `${PLACES.run}/console.sock`,
  control: `${PLACES.run}/control.sock`,
  /** Says what happens, to one who listens all the time. */
  events: `${PLACES.run}/events.sock`,
  agent: `${PLACES.run}/agent.sock`,
} as const;

/** The disk of a claim: what KubeVirt's importers and ours write. */
export const DISK_FILE = 'disk.img';
