// The process that `up --detach` leaves behind: the same supervision, with nobody at the terminal.
import process from 'node:process';
import { messageOf } from '@crownlabs/std';
import { type Supervised, supervise } from './supervise.ts';

function tell(message: unknown): void {
  if (process.connected) process.send?.(message);
}

process.once('message', (installation: Supervised) => {
  supervise(installation, {
    onServing: (notes) => tell({ serving: notes }),
    onLine: () => undefined,
    // Nobody is there to see that it tries in vain.
    mostStarts: 5,
    onExit: (program, how) => tell({ line: `${program} ${how}; starting it again` }),
  }).then(
    () => process.disconnect?.(),
    (error: unknown) => {
      tell({ failed: messageOf(error) });
      process.exitCode = 1;
    },
  );
});
