/** How environments are reached from outside. `gateway`: the built-in one, which needs no route objects. */
export type ExpositionMode = 'gateway';

/** Everything that may differ between installations. */
export interface OperatorsConfig {
  /** Value of the operator-selector label of what is ours; empty means everything. */
  readonly operatorSelector: string;
  /** The one address of the product, without a slash at its end. */
  readonly publicUrl: string;
  readonly exposition: ExpositionMode;
  /** How long a personal namespace outlives the last sign-in; forever means: it is there before the first. */
  readonly namespaceKeepAliveMs: number | 'forever';
  /** How long a stopped environment that is not persistent is kept in memory. */
  readonly keepStoppedMs: number;
  /** The most that one person gets, whatever the workspaces add up to; 0 is no cap. */
  readonly caps: { readonly cpu: number; readonly memory: string; readonly instances: number };
  /** Personal volumes; absent where the home has none. */
  readonly drive: { readonly size: string; readonly storageClassName?: string } | undefined;
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
  exposition: 'gateway',
  namespaceKeepAliveMs: 'forever',
  keepStoppedMs: 3_600_000,
  caps: { cpu: 25, memory: '50G', instances: 10 },
  drive: { size: '1Gi', storageClassName: 'local' },
  contentToolsImage: 'crownlabs/content-tools:1',
  waitUserVerification: false,
  baseWorkspaces: [],
  namespaceLabels: {},
  bypassGroups: ['system:masters', 'system:serviceaccounts', 'kubernetes:admin'],
};
