import { ENVIRONMENT_UID } from '@crownlabs/api';
import type { NetworkAttachment } from '@crownlabs/client';
import type { SegmentPlace } from '@crownlabs/runtime';
import { LabError } from '@crownlabs/std';
import { isInterfaceName, wishedNetworks } from './network-wishes.ts';
import { idOf, type Pod, specOf } from './pod.ts';

/** Finds a NetworkAttachmentDefinition of the pod's namespace. */
export type FindNetwork = (name: string) => Promise<NetworkAttachment | undefined>;

/** The segments that a pod asks for by its networks. Nothing is looked up for a pod that asks for none. Throws where one cannot be realised. */
export async function segmentsOf(pod: Pod, find: FindNetwork): Promise<readonly SegmentPlace[]> {
  const owner = ownerOf(pod);
  return Promise.all(
    wishedNetworks(pod).map(async ({ name, device }) => {
      const network = await find(name);
      if (!network) throw new LabError('NotFound', `There is no NetworkAttachmentDefinition ${name} in namespace ${idOf(pod).namespace}.`);
      return { segment: segmentOf(network), device, owner };
    }),
  );
}

/** Who may open the devices: the user that the pod's programs are. */
function ownerOf(pod: Pod): number {
  const { securityContext, containers } = specOf(pod);
  const users = [securityContext, ...containers.map((container) => container.securityContext)];
  return users.find((security) => security?.runAsUser !== undefined)?.runAsUser ?? ENVIRONMENT_UID;
}

/** Fields of a configuration that say what a segment is anyway, or nothing. */
const KNOWN = new Set(['cniVersion', 'cniVersions', 'name', 'type', 'bridge', 'disableCheck', 'disableContainerInterface']);
const NOWHERE = 'a segment leads to its pods and nowhere else: leave it out';
const ADVICE: Readonly<Record<string, string>> = {
  plugins: 'write one plugin of type bridge, without a list',
  ipam: 'guests choose their addresses themselves: leave it out, or write {}',
  isGateway: NOWHERE,
  isDefaultGateway: NOWHERE,
  ipMasq: NOWHERE,
  vlan: 'give each network a bridge of its own',
  vlanTrunk: 'tags pass as they are: leave it out',
};

/** The segment of a network: of what the Container Network Interface can configure, a bridge and nothing else. https://www.cni.dev/plugins/current/main/bridge/ */
function segmentOf({ metadata, spec }: NetworkAttachment): string {
  const refused = (why: string) => new LabError('Invalid', `NetworkAttachmentDefinition ${metadata.name}: spec.config: ${why}.`);
  const config = objectOf(spec.config);
  if (!config) throw refused('it is no object in JSON, as {"type": "bridge", "bridge": "lan"}');
  const other = Object.keys(config).find((field) => !KNOWN.has(field) && !isNothing(config[field]));
  if (other !== undefined) throw refused(`${other} is not realised here: ${ADVICE[other] ?? 'leave it out'}`);
  const { type, bridge } = config;
  if (type !== 'bridge') throw refused(`type ${JSON.stringify(type)} is not realised here: write "type": "bridge"`);
  if (!isInterfaceName(bridge)) throw refused('bridge must name the segment: 1 to 15 letters, digits, "_", "." and "-"');
  return bridge;
}

function objectOf(text = ''): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}

/** Switched off, or empty. */
function isNothing(value: unknown): boolean {
  return !value || (typeof value === 'object' && Object.keys(value).length === 0);
}
