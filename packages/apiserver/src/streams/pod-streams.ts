import { LabError } from '@crownlabs/std';
import type { Verb } from '../pipeline.ts';
import type { Routes } from '../routes.ts';
import type { Kubelets } from './kubelets.ts';
import { podLog } from './pod-log.ts';
import { containerOf, kubeletOf, podOf } from './pod-target.ts';

/** Registers what reaches into pods. Exec, attach and port-forward are upgrades (upgrades.ts): asked without one, they say so. */
export function podStreams(routes: Routes, kubelets: Kubelets): void {
  routes.add('/pods/log', { get: podLog(kubelets) });
  const refuse = upgradeRequired(kubelets);
  for (const subresource of ['exec', 'attach', 'portforward']) routes.add(`/pods/${subresource}`, { get: refuse, create: refuse });
  for (const subresource of ['/pods/proxy', '/services/proxy', '/nodes/proxy']) routes.add(subresource, PROXY);
}

function upgradeRequired(kubelets: Kubelets): Verb {
  return async (api, call) => {
    const pod = podOf(api, call);
    if (call.attributes.subresource !== 'portforward') containerOf(pod, call.query.get('container') ?? '');
    await kubeletOf(kubelets, pod, api, call.incoming.signal);
    throw new LabError('BadRequest', 'Upgrade request required');
  };
}

const noProxy: Verb = () => {
  throw new LabError('ServiceUnavailable', 'proxying through the API is not offered here; use port-forward');
};
const PROXY = { get: noProxy, create: noProxy, update: noProxy, patch: noProxy, delete: noProxy };
