import { readFile } from 'node:fs/promises';
import { createClient, type KubeClient, kubeconfigTransport } from '@crownlabs/client';
import { LabError } from '@crownlabs/std';
import { running } from './installation.ts';
import type { Places } from './places.ts';

/** A client with the administrator's rights on the installation that runs from these places. */
export async function adminClient(places: Places): Promise<KubeClient> {
  if (!(await running(places)))
    throw new LabError('ServiceUnavailable', `CrownLabs does not run from ${places.dataDir}. Start it with \`crownlabs up\`.`);
  const kubeconfig = await readFile(places.adminKubeconfig, 'utf8').catch((cause: unknown) => {
    throw new LabError('Forbidden', `${places.adminKubeconfig} cannot be read. Run this as the user who started CrownLabs.`, { cause });
  });
  return createClient(kubeconfigTransport(kubeconfig), { fieldManager: 'crownlabs-cli', userAgent: 'crownlabs' });
}
