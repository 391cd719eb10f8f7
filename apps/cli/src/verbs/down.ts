import { LabError } from '@crownlabs/std';
import { orphansGone, type Running, running, withdraw } from '../installation.ts';
import type { Places } from '../places.ts';
import { isRunning, signalTo } from '../process-birth.ts';
import { paint, say, step } from '../terminal.ts';

const PATIENCE_MS = 60_000;

/** Ends an installation; environments end with it unless `keep`. One that was killed may have left environments and an engine service: they end too. */
export async function down(places: Places, { keep }: { keep: boolean }): Promise<void> {
  const state = await running(places);
  if (state) await step(keep ? 'Stopping, environments stay' : 'Stopping, environments too', () => end(places, state, keep));
  else if (await endRemains(places, keep)) say(`Ended what was left running${keep ? '; environments stay' : ', environments too'}.`);
  else {
    say(`Nothing runs from ${places.dataDir}.`);
    return;
  }
  say(paint('dim', `All data is kept in ${places.dataDir}.`));
}

async function end(places: Places, state: Running, keep: boolean): Promise<void> {
  signalTo(state.pid, keep ? 'SIGUSR2' : 'SIGTERM');
  const deadline = Date.now() + PATIENCE_MS;
  while (isRunning(state)) {
    if (Date.now() > deadline)
      throw new LabError(
        'Timeout',
        `It did not end within ${PATIENCE_MS / 1000} s. See ${places.logs}; \`kill -9 ${state.pid}\` ends it, and nothing acknowledged is lost.`,
      );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Says whether there was anything to end. */
async function endRemains(places: Places, keep: boolean): Promise<boolean> {
  await orphansGone(places);
  // Loaded only here: an ordinary end needs none of it.
  const { endWhatIsLeft } = await import('../what-is-left.ts');
  const there = await endWhatIsLeft(places, keep);
  await withdraw(places);
  return there;
}
