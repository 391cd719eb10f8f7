/**
 * Loaded into a server that `bench/api.ts stall` measures (`node --import`): at a signal it says for how long its event loop was held
 * up at most since the last one. Asked from outside, a client would measure its own stalls too.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';

const RESOLUTION_MS = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

process.on('SIGUSR2', () => {
  process.stderr.write(`held up ${Math.max(0, delay.max / 1e6 - RESOLUTION_MS).toFixed(1)} ms\n`);
  delay.reset();
});
