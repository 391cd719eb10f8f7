import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { show } from './scoreboard.ts';
import { DataDirectory } from './server-process.ts';

const ROUNDS = 200;
const COMMIT_BYTES = 16 * 1024;

/** What the disk takes for one commit: every write waits for one, so the figures of writes are to be read beside it. */
export function disk(): Promise<void> {
  using directory = new DataDirectory();
  const file = openSync(join(directory.path, 'sync'), 'w');
  const commit = Buffer.alloc(COMMIT_BYTES, 1);
  const took = Array.from({ length: ROUNDS }, () => {
    const began = performance.now();
    writeSync(file, commit);
    fdatasyncSync(file);
    return performance.now() - began;
  });
  closeSync(file);
  took.sort((a, b) => a - b);
  const [median = 0, late = 0] = [0.5, 0.99].map((part) => took[Math.floor(ROUNDS * part)]);
  show({ name: 'disk, a sync', value: Number(median.toFixed(2)), unit: 'ms', more: `p99 ${late.toFixed(1)} ms` });
  return Promise.resolve();
}
