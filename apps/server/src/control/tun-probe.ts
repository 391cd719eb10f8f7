import { open } from 'node:fs/promises';
import type { Device } from '@crownlabs/runtime';

const PATH = '/dev/net/tun';
const BY_ALL = 0o006;
const BY_GROUP = 0o060;

/** Whether machines can have networks beside that of their pod. */
export interface TunProbe {
  /** Where they can. */
  readonly device?: Device;
  /** For people. */
  readonly found: string;
}

/** Looks at the device through which emulators plug their cards into networks. They are not root, so that others must be able to open it too. */
export async function probeTun(path = PATH): Promise<TunProbe> {
  try {
    await using opened = await open(path, 'r+');
    const { mode, gid } = await opened.stat();
    if ((mode & BY_ALL) === BY_ALL) return { device: { path }, found: `${path} is there` };
    // A group of its own is given with the device; root's would be more than the device.
    if ((mode & BY_GROUP) === BY_GROUP && gid !== 0) return { device: { path, group: gid }, found: `${path} is there` };
    return { found: `only root may open ${path}; chmod 666 ${path} lets machines, as systemd does` };
  } catch {
    return { found: `${path} is missing or does not open; try modprobe tun` };
  }
}
