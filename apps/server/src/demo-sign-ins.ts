import { readFile, rm, writeFile } from 'node:fs/promises';
import { placesBelow } from './resolved-config.ts';

// Passwords in the clear: for root alone, and only from their making until somebody has read them.
const MODE = 0o600;

/** Keeps lines with the sign-ins of the demo until {@link forgetSignIns}: a start that fails after this must not take them with it. */
export async function keepSignIns(dataDir: string, lines: readonly string[]): Promise<void> {
  await writeFile(placesBelow(dataDir).signIns, lines.join('\n'), { mode: MODE });
}

/** The lines that nobody has been shown yet; none when they were. */
export async function unseenSignIns(dataDir: string): Promise<string[]> {
  const text = await readFile(placesBelow(dataDir).signIns, 'utf8').catch(() => '');
  return text === '' ? [] : text.split('\n');
}

/** Takes the lines away, once they were on a terminal. */
export async function forgetSignIns(dataDir: string): Promise<void> {
  await rm(placesBelow(dataDir).signIns, { force: true });
}
