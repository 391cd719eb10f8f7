import { AUTOMATION, type AutomationConfig } from './automation/config.ts';
import { IMAGE_LISTS, type ImageListsConfig } from './image-list/config.ts';
import type { SnapshotsConfig } from './instance-snapshot/config.ts';
import type { PublicExposureConfig } from './public-exposure/config.ts';
import type { SharedVolumesConfig } from './shared-volume/config.ts';

/**
 * How environments are reached from outside. `gateway`: the built-in one, which needs no route objects. `ingress`: an Ingress for each, as
 * ingress-nginx reads it. `httproute`: an HTTPRoute for each, at a Gateway of the cluster.
 */
export type ExpositionMode = 'gateway' | 'ingress' | 'httproute';

/** Everything that may differ between installations. */
export interface OperatorsConfig {
  /** Value of the operator-selector label of what is ours; empty means everything. */
  readonly operatorSelector: string;
  /** Whether Tenants that carry no such label become ours: of several installations in a cluster, one at most says so. */
  readonly claimsUnlabelled: boolean;
  /** The one address of the product, without a slash at its end. */
  readonly publicUrl: string;
  readonly exposition: ExpositionMode;
  /** What Ingresses say, in the mode `ingress`. */
  readonly ingress: {
    readonly className?: string;
    /** The Secret with the certificate of the public address, in every personal namespace. */
    readonly tlsSecret: string;
    /** Address of the proxy that asks people to sign in (oauth2-proxy); absent: nobody is asked. */
    readonly authUrl?: string;
  };
  /** The Gateway that HTTPRoutes attach to, in the mode `httproute`. */
  readonly httpRoute: { readonly gateway: { readonly name: string; readonly namespace: string } };
  /** What virtual machines need of the cluster. */
  readonly machines: {
    /** Secret of personal namespaces with which containerdisks are pulled. */
    readonly registrySecret: string;
    /** Secret of personal namespaces with which disks are imported. */
    readonly importSecret: string;
    /** Size of a disk that is imported where the template names none. */
    readonly diskSize: string;
    /** Namespaces whose volumes everybody's templates may make disks of; all that carry none of our labels if absent. */
    readonly diskNamespaces?: readonly string[];
    /** Public keys that every machine admits beside those of people: the bastion's. */
    readonly sshKeys: readonly string[];
    /**
     * JSON of CNI for a network between machines, in which `{wire}` stands for its own name, `{namespace}` and `{name}` for those of its object.
     * Absent: a bridge of each node, on which machines of other nodes are not.
     */
    readonly networkConfig?: string;
    /** Whether machines can go on from a memory that is prepared once; KubeVirt has no such thing. */
    readonly instantStart?: boolean;
  };
  /** How long a personal namespace outlives the last sign-in; forever means: it is there before the first. */
  readonly namespaceKeepAliveMs: number | 'forever';
  /** How long a stopped environment that is not persistent is kept in memory. */
  readonly keepStoppedMs: number;
  /** The most that one person gets, whatever the workspaces add up to; 0 is no cap. */
  readonly caps: { readonly cpu: number; readonly memory: string; readonly instances: number };
  /** Personal volumes; absent where the home has none. */
  readonly drive:
    | {
        readonly size: string;
        readonly storageClassName?: string;
        /** An image with a `chown`, where new volumes belong to root; absent where the storage makes them the user's. */
        readonly provisionerImage?: string;
      }
    | undefined;
  /** Addresses and ports that instances may have on the Internet; absent where the home has none. */
  readonly publicExposure: PublicExposureConfig | undefined;
  /** Registries whose images people choose from. */
  readonly imageLists: ImageListsConfig;
  /** Images that are made of the disks of instances. */
  readonly snapshots: SnapshotsConfig;
  /** Volumes that workspaces share. */
  readonly sharedVolumes: SharedVolumesConfig;
  /** When the lab acts by itself. */
  readonly automation: AutomationConfig;
  /** The image that unpacks archives before the first start. */
  readonly contentToolsImage: string;
  /** Wait with everything but the account until the address was confirmed. */
  readonly waitUserVerification: boolean;
  /** Workspaces that everybody is a user of. */
  readonly baseWorkspaces: readonly string[];
  /** Labels of every personal namespace beside the product's own. */
  readonly namespaceLabels: Readonly<Record<string, string>>;
  /** Groups whose changes of Tenants are let through with a warning. */
  readonly bypassGroups: readonly string[];
}

/** What an installation on one machine has, where it is not told otherwise. */
export const SINGLE_MACHINE: Omit<OperatorsConfig, 'publicUrl'> = {
  operatorSelector: '',
  claimsUnlabelled: true,
  exposition: 'gateway',
  ingress: { tlsSecret: 'crownlabs-ingress-secret' },
  httpRoute: { gateway: { name: 'crownlabs-main', namespace: 'crownlabs-system' } },
  machines: {
    registrySecret: 'registry-credentials',
    importSecret: 'registry-credentials-cdi',
    diskSize: '10Gi',
    sshKeys: [],
    instantStart: true,
  },
  namespaceKeepAliveMs: 'forever',
  keepStoppedMs: 3_600_000,
  caps: { cpu: 25, memory: '50G', instances: 10 },
  drive: { size: '1Gi', storageClassName: 'local' },
  publicExposure: undefined,
  imageLists: IMAGE_LISTS,
  snapshots: {},
  // The terminal is the smallest of the images that every installation builds.
  sharedVolumes: { storageClassName: 'local', provisionerImage: 'crownlabs/terminal:1' },
  automation: AUTOMATION,
  contentToolsImage: 'crownlabs/terminal:1',
  waitUserVerification: false,
  baseWorkspaces: [],
  namespaceLabels: {},
  // Administrators of clusters that kubeadm has made are in a group of their own since 1.29.
  bypassGroups: ['system:masters', 'system:serviceaccounts', 'kubernetes:admin', 'kubeadm:cluster-admins'],
};
