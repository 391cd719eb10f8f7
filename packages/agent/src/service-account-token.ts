import type { KubeClient } from '@crownlabs/client';
import { LabError } from '@crownlabs/std';
import { idOf, type Pod, specOf } from './pod.ts';

/** A token of the pod's service account that ends with the pod. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */
export async function requestToken(client: KubeClient, pod: Pod, audience: string | undefined, expirationSeconds: number): Promise<string> {
  const { namespace, name, uid } = idOf(pod);
  const account = specOf(pod).serviceAccountName ?? 'default';
  const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name, uid };
  const answer = await client.raw('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: audience === undefined ? [] : [audience], expirationSeconds, boundObjectRef },
  });
  const status = typeof answer === 'object' && answer !== null && 'status' in answer ? answer.status : undefined;
  const token = typeof status === 'object' && status !== null && 'token' in status ? status.token : undefined;
  if (typeof token !== 'string') throw new LabError('InternalError', 'The API answered a TokenRequest without a token.');
  return token;
}
