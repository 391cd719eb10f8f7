import { LABEL, MYDRIVE_NAMESPACE, tenants, workspaces } from '@crownlabs/api';
import {
  type KubeClient,
  mutatingWebhookConfigurations,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  secrets,
  storageClasses,
  validatingWebhookConfigurations,
} from '@crownlabs/client';

/** Removes what a run has made in a cluster that is somebody's. The operators must still run: they hold finalizers. */
export async function sweep(admin: KubeClient, { run, className }: { readonly run: string; readonly className?: string }): Promise<void> {
  const mine = { labelSelector: `${LABEL.operatorSelector}=${run}` };
  for (const { metadata } of (await admin.list(tenants, mine)).items) await admin.delete(tenants, metadata.name);
  for (const { metadata } of (await admin.list(workspaces, mine)).items) await admin.delete(workspaces, metadata.name);
  await gone(async () => {
    const left = await Promise.all([admin.list(tenants, mine), admin.list(workspaces, mine), admin.list(namespaces, mine)]);
    return left.every(({ items }) => items.length === 0);
  });
  const drives = (await admin.list(persistentVolumeClaims, { namespace: MYDRIVE_NAMESPACE })).items;
  for (const { metadata } of drives.filter((it) => it.metadata.name.includes(run))) {
    await admin.delete(persistentVolumeClaims, metadata.name, MYDRIVE_NAMESPACE);
  }
  const name = `crownlabs-${run}`;
  await admin.delete(mutatingWebhookConfigurations, name);
  await admin.delete(validatingWebhookConfigurations, name);
  await admin.delete(secrets, `crownlabs-webhook-certificates-${run}`, 'crownlabs-system');
  if (className === undefined) return;
  await admin.deleteCollection(persistentVolumes, { labelSelector: `scenario.crownlabs.polito.it/class=${className}` });
  await admin.delete(storageClasses, className);
}

/** Namespaces take a while; what never goes is left to whoever looks at the cluster. */
async function gone(check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline && !(await check())) await new Promise((resolve) => setTimeout(resolve, 200));
}
