import { createHash } from 'node:crypto';
import { cutName, type Environment, type EnvironmentNetwork, type Instance } from '@crownlabs/api';
import { apiVersionOf, type NetworkAttachment, networkAttachments, ownedBy } from '@crownlabs/client';
import type { OperatorsConfig } from '../../config.ts';
import { type Piece, piece } from '../../converge.ts';
import { environmentLabels } from '../labels.ts';
import type { NetworkCard } from './desired.ts';

/** Which machines a network joins. */
export interface NetworkContext {
  /** The namespace of the template: it decides to which workspace a network belongs, whatever the template says. */
  readonly templateNamespace: string;
  /** The name of all objects of the environment. */
  readonly name: string;
  readonly config: Pick<OperatorsConfig['machines'], 'networkConfig'>;
}

/** What the networks of an environment are called where its machine is. */
function networkName(name: string, network: string): string {
  return cutName(`${name}-${network}`);
}

/** The networks of an environment: each in the machine's own namespace, since nobody may join those of another. */
export function desiredNetworks(instance: Instance, environment: Environment, context: NetworkContext): Piece[] {
  const { namespace = '' } = instance.metadata;
  return (environment.networks ?? []).map((network) => {
    const name = networkName(context.name, network.name);
    const config = configOf(network, { wire: wireOf(instance, network, context), namespace, name }, context);
    return piece<NetworkAttachment>(networkAttachments, {
      apiVersion: apiVersionOf(networkAttachments),
      kind: networkAttachments.kind,
      metadata: {
        name,
        namespace,
        labels: environmentLabels(instance, environment),
        ownerReferences: [ownedBy(instance)],
      },
      spec: { config },
    });
  });
}

/** https://www.cni.dev/plugins/current/main/bridge/ */
function configOf(
  { name }: EnvironmentNetwork,
  known: Readonly<Record<string, string>>,
  { config: { networkConfig } }: NetworkContext,
): string {
  if (networkConfig === undefined) return JSON.stringify({ cniVersion: '1.0.0', name, type: 'bridge', bridge: known['wire'], ipam: {} });
  return networkConfig.replaceAll(/\{(wire|namespace|name)\}/g, (whole, word: string) => known[word] ?? whole);
}

/**
 * The name of a wire, the same for all who are on it, as short as the kernel's names of interfaces: 15 characters. It holds 72 bits of the digest:
 * somebody who may choose names does not find one that is on the wire of others.
 */
function wireOf({ metadata: { name, namespace } }: Instance, network: EnvironmentNetwork, { templateNamespace }: NetworkContext): string {
  const who = { Instance: [namespace, name], Tenant: [namespace], Workspace: [] }[network.scope];
  const digest = createHash('sha256')
    .update(JSON.stringify([templateNamespace, network.name, network.scope, ...who]))
    .digest('hex');
  return `n${BigInt(`0x${digest}`).toString(36).slice(-14)}`;
}

/** The cards of an environment's machine on its networks. */
export function networkCards(instance: Instance, { networks = [] }: Environment, name: string): NetworkCard[] {
  return networks.map((network) => ({
    name: network.name,
    networkName: networkName(name, network.name),
    mac: networkAddress(instance, name, network.name),
  }));
}

/** The hardware address of a machine's card on a network: its own for ever, because guests know their cards by it. */
function networkAddress({ metadata: { namespace } }: Pick<Instance, 'metadata'>, name: string, network: string): string {
  const digest = createHash('sha256').update(`${namespace}/${name}/${network}`).digest();
  return ['02', ...[...digest.subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
