import type { NodeDevice } from '@crownlabs/agent';
import { TUN_RESOURCE } from '@crownlabs/virt';
import { probeTun } from './tun-probe.ts';

/** As many machines as there is memory for. */
const COUNT = 1_000;

/** The device by which pods plug cards into networks beside their own, where they may open it. */
export async function tunDevice(probe = probeTun): Promise<NodeDevice | undefined> {
  const { device } = await probe();
  return device && { ...device, resource: TUN_RESOURCE, count: COUNT };
}
