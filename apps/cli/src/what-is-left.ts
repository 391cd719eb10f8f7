import { endRemains } from '@crownlabs/server';
import { silent } from '@crownlabs/std';
import { endCommandEngines } from './command-engine.ts';
import type { Places } from './places.ts';
import { readConfiguration } from './read-configuration.ts';

/** Ends what an installation that was killed has left on the machine: environments unless `keep`, and engine services. Says whether there was anything. */
export async function endWhatIsLeft(places: Places, keep: boolean): Promise<boolean> {
  const config = await readConfiguration(places, {});
  const commands = await endCommandEngines(places);
  return (await endRemains(config, { keep, log: silent })) || commands;
}
