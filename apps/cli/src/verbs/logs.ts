import { createReadStream, existsSync, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { LabError } from '@crownlabs/std';
import { LogFiles, readable } from '../log-lines.ts';
import type { Places } from '../places.ts';

/** Prints the kept log lines of one program or both, and goes on with new ones when `follow`. */
export async function logs(places: Places, program: string | undefined, follow: boolean): Promise<void> {
  const files = new LogFiles(places.logs);
  const programs = (program ? [program] : ['control', 'edge']).filter((name) => existsSync(files.path(name)));
  if (programs.length === 0) throw new LabError('NotFound', `There are no logs${program ? ` of ${program}` : ''} in ${places.logs}.`);
  await Promise.all(programs.map((name) => print(name, files.path(name), follow)));
}

async function print(program: string, path: string, follow: boolean): Promise<void> {
  let offset = await printFrom(program, path, 0);
  if (!follow) return;
  // The watcher keeps the process alive until Ctrl-C.
  let reading = Promise.resolve();
  watch(path, () => {
    reading = reading.then(async () => {
      offset = await printFrom(program, path, offset);
    });
  });
}

async function printFrom(program: string, path: string, start: number): Promise<number> {
  const { size } = await stat(path);
  if (size <= start) return size;
  for await (const line of createInterface({ input: createReadStream(path, { start, end: size - 1 }) })) {
    const text = readable(program, line);
    if (text) process.stdout.write(`${text}\n`);
  }
  return size;
}
