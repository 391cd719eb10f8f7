import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { LabError } from '@crownlabs/std';
import type { Places } from '../places.ts';

/** Prints the administrator's kubeconfig, for kubectl, helm and everything that reads one. */
export async function kubeconfig(places: Places): Promise<void> {
  const text = await readFile(places.adminKubeconfig, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EACCES')
      throw new LabError('Forbidden', `${places.adminKubeconfig} belongs to whoever started CrownLabs. Run this as that user.`);
    throw new LabError('NotFound', `There is no installation in ${places.dataDir} yet. Start one with \`crownlabs up\`.`);
  });
  process.stdout.write(text);
}
