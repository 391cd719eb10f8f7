import { IMAGE_LISTS, METALLB, type OperatorsConfig } from '@crownlabs/operators';
import { z } from 'zod';
import { durationMs } from '../config.ts';

const SPAN = 'a number and a unit is needed, such as 30s, 10m, 1h or 7d';
const duration = z.string(SPAN).regex(/^(\d+(\.\d+)?)(ms|s|m|h|d)$/, SPAN);
const port = z.int().min(1).max(65_535);

const sharedVolumes = z.strictObject({
  storageClassName: z.string().optional().describe('A class whose volumes many pods can mount; the default class if absent.'),
  provisionerImage: z.string().default('busybox:1.36').describe('An image with chown: it hands new volumes to the user of environments.'),
});

const publicExposure = z.strictObject({
  addresses: z.array(z.string()).min(1).describe('Addresses, ranges (203.0.113.8-203.0.113.15) and networks (203.0.113.8/29).'),
  addressAnnotation: z.string().default(METALLB.addressAnnotation).describe('The annotation that asks the load balancer for an address.'),
  annotations: z
    .record(z.string(), z.string())
    .default({ ...METALLB.annotations })
    .describe('Annotations of every Service: what lets several share an address.'),
  lowestPort: port.default(METALLB.lowestPort).describe('The lowest port that people may ask for.'),
  lowestAutomaticPort: port.default(METALLB.lowestAutomaticPort).describe('Where ports that the system chooses begin.'),
  reservedPorts: z.array(port).default([]).describe('Ports that nobody gets.'),
});

const registry = z.strictObject({
  name: z.string().describe('What we call it.'),
  type: z
    .enum(['docker', 'harbor'])
    .default('docker')
    .describe('docker: any registry that lists what it has. harbor: a project of a Harbor.'),
  url: z.url().describe('Where it is.'),
  registryName: z.string().describe('How image references name it.'),
  imageListName: z.string().describe('The ImageList to write.'),
  project: z.string().default('').describe('Only the images of this project; empty means all.'),
  secretRef: z
    .strictObject({ name: z.string(), namespace: z.string().optional() })
    .optional()
    .describe('A Secret with username and password, or a pull secret; in crownlabs-system where it names no namespace.'),
});

const imageLists = z.strictObject({
  interval: duration.default('10m').describe('How often registries are asked.'),
  timeout: duration.default('10s').describe('How long one answer may take.'),
  registries: z.array(registry).default([]).describe('The registries to list.'),
  tokenHosts: z.array(z.string()).default([]).describe('Hosts that a registry may send us to for a token, beside itself.'),
});

const snapshots = z.strictObject({
  registry: z
    .strictObject({
      repository: z.string().describe('Host and path below which images are pushed.'),
      pushSecret: z.string().default('registry-credentials').describe('A pull secret of the namespace of the snapshot.'),
      exporterImage: z.string().describe('Turns a disk into a compressed one and a recipe around it.'),
      builderImage: z.string().describe('Builds that recipe and pushes it.'),
    })
    .optional()
    .describe('Where images of disks are pushed; without it they are volumes, which templates of the type LocalVM start.'),
});

/** Settings of what people share: volumes, addresses, images. */
export const SHARED_RESOURCES = {
  sharedVolumes: sharedVolumes.prefault({}).describe('Volumes that workspaces share.'),
  publicExposure: publicExposure.optional().describe('Addresses and ports that instances may have on the Internet; none without it.'),
  imageLists: imageLists.prefault({}).describe('Registries whose images people choose from.'),
  snapshots: snapshots.prefault({}).describe('Images that are made of the disks of instances.'),
};

const Shape = z.strictObject(SHARED_RESOURCES);

/** The same as the operators take it. */
export function sharedResources(settings: z.infer<typeof Shape>): Pick<OperatorsConfig, keyof typeof SHARED_RESOURCES> {
  const { sharedVolumes: volumes, publicExposure: exposure, imageLists: lists, snapshots: images } = settings;
  const { storageClassName, provisionerImage } = volumes;
  return {
    sharedVolumes: { provisionerImage, ...(storageClassName === undefined ? {} : { storageClassName }) },
    publicExposure: exposure,
    imageLists: {
      ...IMAGE_LISTS,
      intervalMs: durationMs(lists.interval),
      timeoutMs: durationMs(lists.timeout),
      tokenHosts: lists.tokenHosts,
      registries: lists.registries.map(({ secretRef, ...it }) => ({ ...it, ...(secretRef ? { secretRef: secretOf(secretRef) } : {}) })),
    },
    snapshots: images.registry ? { registry: images.registry } : {},
  };
}

function secretOf({ name, namespace }: { readonly name: string; readonly namespace?: string | undefined }) {
  return namespace === undefined ? { name } : { name, namespace };
}
