import { writeFile } from 'node:fs/promises';

/** As for `nice`: nine times the weight of a session that nobody favoured, and of all environments together. */
const FAVOUR = '-10';

/**
 * Lets what this session runs have the processor before the environments do: few milliseconds here are what everybody waits for, and a machine
 * that boots without help of the processor takes all there is. Linux weighs whole sessions against each other and against groups of containers
 * (sched(7), "The autogroup feature"), so that `nice` alone would do nothing. Where that is off, or not allowed, all stays as it is.
 */
export async function serveFirst(session = '/proc/self/autogroup'): Promise<void> {
  await writeFile(session, FAVOUR, { flag: 'r+' }).catch(() => undefined);
}
