import { namespacedResource } from './built-in.ts';
import type { KubeObject, Resource } from './object.ts';

/** A way in through a Gateway: the part of Gateway API's HTTPRoute that the lab writes and reads. */
export interface HttpRoute extends KubeObject {
  spec: {
    parentRefs: { group?: string; kind?: string; name: string; namespace?: string }[];
    hostnames?: string[];
    rules: {
      matches: { path: { type: 'PathPrefix'; value: string } }[];
      filters?: { type: 'URLRewrite'; urlRewrite: { path: { type: 'ReplacePrefixMatch'; replacePrefixMatch: string } } }[];
      backendRefs: { group?: string; kind?: string; name: string; port: number; weight?: number }[];
      timeouts?: { request?: string; backendRequest?: string };
    }[];
  };
  status?: { parents?: { conditions?: { type: string; status: string; reason?: string; message?: string }[] }[] };
}

/** `gateway.networking.k8s.io/v1` httproutes. */
export const httpRoutes: Resource<HttpRoute> = namespacedResource('gateway.networking.k8s.io/v1', 'httproutes', 'HTTPRoute');
