import type { Runtime } from '@crownlabs/runtime';
import { isLauncherName } from '@crownlabs/virt';

/** Below what whoever supervises us waits for, so that what comes after has its time as well. */
const POWER_OFF_MS = 12_000;

/** Virtual machines are asked to shut down, as by their power button: without power their guests lose what they have not written yet. */
export async function powerOff(runtime: Pick<Runtime, 'pods' | 'stopContainer'>): Promise<void> {
  const launchers = (await runtime.pods()).filter(({ name }) => isLauncherName(name));
  const running = launchers.flatMap(({ containers }) => containers.filter(({ state }) => state.phase === 'running'));
  await Promise.allSettled(running.map(({ id }) => runtime.stopContainer(id, POWER_OFF_MS)));
}
