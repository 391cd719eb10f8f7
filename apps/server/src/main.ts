import process from 'node:process';
import { parseArgs } from 'node:util';
import { messageOf } from '@crownlabs/std';
import { jsonLogger } from './json-log.ts';
import { leanAtRest } from './lean-at-rest.ts';
import { readResolved } from './resolved-config.ts';

const { positionals, values } = parseArgs({ allowPositionals: true, options: { config: { type: 'string' } } });
const [role = ''] = positionals;
const config = readResolved(values.config ?? '');
const log = jsonLogger(config.logLevel).child({ room: role });

const stop = new AbortController();
let keep = false;
process.once('SIGTERM', () => stop.abort());
process.once('SIGUSR2', () => {
  keep = true;
  stop.abort();
});
// Ctrl-C reaches the whole process group; the supervisor decides the order of ending.
process.on('SIGINT', () => undefined);
// A supervisor that was killed takes nobody's desktop with it.
process.once('disconnect', () => {
  keep = true;
  stop.abort();
});
leanAtRest();
process.on('unhandledRejection', (error) => log.error('Something was not awaited', { error: messageOf(error) }));

const ready = (notes: readonly string[] = []) => void process.send?.({ ready: true, notes });

try {
  // Each process loads its own rooms alone.
  if (role === 'control') await (await import('./control.ts')).control(config, { log, stop: stop.signal, ready, keep: () => keep });
  else if (role === 'edge') await (await import('./edge.ts')).edge(config, log, stop.signal, ready);
  else throw new Error(`There is no role ${role}`);
} catch (error) {
  if (!stop.signal.aborted) {
    log.error('Ended', { error: messageOf(error), stack: error instanceof Error ? error.stack : undefined });
    process.exitCode = 1;
  }
}
// Nothing may hold the process: what had to be closed was closed.
process.exit();
