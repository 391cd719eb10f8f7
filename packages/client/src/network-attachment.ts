import { namespacedResource } from './built-in.ts';
import type { KubeObject, Resource } from './object.ts';

/**
 * A network that pods of its namespace may join beside their own: the Network Plumbing Working Group's standard, as Multus realises it.
 * https://github.com/k8snetworkplumbingwg/multi-net-spec
 */
export interface NetworkAttachment extends KubeObject {
  /** `config` is JSON: a configuration of the Container Network Interface. https://www.cni.dev/docs/spec/#configuration-format */
  spec: { config?: string };
}

/** `k8s.cni.cncf.io/v1` network-attachment-definitions. */
export const networkAttachments: Resource<NetworkAttachment> = namespacedResource(
  'k8s.cni.cncf.io/v1',
  'network-attachment-definitions',
  'NetworkAttachmentDefinition',
);

/** Annotation by which a pod asks for networks beside its own: a list of {@link NetworkWish}, in JSON. */
export const NETWORKS_ANNOTATION = 'k8s.v1.cni.cncf.io/networks';

/** A network that a pod asks for, by its NetworkAttachmentDefinition, and what the interface on it is called in the pod. */
export interface NetworkWish {
  readonly name: string;
  readonly namespace?: string;
  readonly interface?: string;
}
