import { LabError } from '@crownlabs/std';
import { isAlive, running } from '../installation.ts';
import type { Places } from '../places.ts';
import { paint, say, step } from '../terminal.ts';

const PATIENCE_MS = 60_000;

/** Ends a running installation; environments end with it unless `keep`. */
export async function down(places: Places, { keep }: { keep: boolean }): Promise<void> {
  const state = await running(places);
  if (!state) {
    say(`Nothing runs from ${places.dataDir}.`);
    return;
  }
  await step(keep ? 'Stopping, environments stay' : 'Stopping, environments too', async () => {
    process.kill(state.pid, keep ? 'SIGUSR2' : 'SIGTERM');
    const deadline = Date.now() + PATIENCE_MS;
    while (isAlive(state.pid)) {
      if (Date.now() > deadline)
        throw new LabError(
          'Timeout',
          `It did not end within ${PATIENCE_MS / 1000} s. See ${places.logs}; \`kill -9 ${state.pid}\` ends it, and nothing acknowledged is lost.`,
        );
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
  say(paint('dim', `All data is kept in ${places.dataDir}.`));
}
