import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '@crownlabs/std';

const FILE = 'owner';

/** Says in the data directory who holds it. The lock itself is the operating system's, on the database: this only names its holder. */
export function claim(directory: string): void {
  writeFileSync(join(directory, FILE), `process ${process.pid}, since ${new Date().toISOString()}\n`, { mode: 0o600 });
}

/** Takes the note away again. */
export function release(directory: string): void {
  rmSync(join(directory, FILE), { force: true });
}

/** What to say to a second process. */
export function heldBy(directory: string, cause: unknown): LabError {
  return new LabError(
    'Conflict',
    `The data directory ${directory} is in use by ${holder(directory)}. Stop that process, or choose another directory.`,
    {
      cause,
    },
  );
}

function holder(directory: string): string {
  try {
    return readFileSync(join(directory, FILE), 'utf8').trim();
  } catch {
    return 'another process';
  }
}
