const key = <Name extends string>(name: Name): `crownlabs.polito.it/${Name}` => `crownlabs.polito.it/${name}`;

/** Label keys. The values are part of the product's interface: dashboards, gateways and people's kubectl rely on them. */
export const LABEL = {
  managedBy: key('managed-by'),
  instance: key('instance'),
  workspace: key('workspace'),
  template: key('template'),
  tenant: key('tenant'),
  name: key('name'),
  persistent: key('persistent'),
  component: key('component'),
  metricsEnabled: key('metrics-enabled'),
  type: key('type'),
  volumeType: key('volume-type'),
  hasNodeSelector: key('has-node-selector'),
  environment: key('environment'),
  environmentName: key('environment-name'),
  watchForTermination: key('watch-for-instance-termination'),
  submissionRequested: key('instance-submission-requested'),
  submissionCompleted: key('instance-submission-completed'),
  volumeProvisioning: key('volume-provisioning'),
  inactivityIgnore: key('instance-inactivity-ignore'),
  expirationIgnore: key('expiration-ignore'),
  allowInstanceAccess: key('allow-instance-access'),
  firstName: key('first-name'),
  lastName: key('last-name'),
  noWorkspaces: key('no-workspaces'),
  autoenroll: key('autoenroll'),
  operatorSelector: key('operator-selector'),
  gatewayAccess: key('gw-access'),
  resourcesReplication: key('instance-resources-replication'),
  publicRoute: key('public-route'),
  mirroredVolume: 'pmp.crownlabs.polito.it/mirrored-pv',
  mirroredClaim: 'pmp.crownlabs.polito.it/mirrored-pvc-name',
  mirroredNamespace: 'pmp.crownlabs.polito.it/mirrored-pvc-namespace',
} as const;

/** The label of a Tenant that holds its role in a workspace. */
export function workspaceLabel(workspace: string): string {
  return `crownlabs.polito.it/workspace-${workspace}`;
}

/** Annotation keys. */
export const ANNOTATION = {
  lastPoweredOff: key('last-powered-off-timestamp'),
  numberAlertsSent: key('number-alerts-sent'),
  lastActivity: key('last-activity'),
  lastActivityCheck: key('last-activity-check-timestamp'),
  lastNotification: key('last-notification-timestamp'),
  lastRunning: key('last-running'),
  destructionAlertsSent: key('destruction-alerts-sent'),
  lastDestructionNotification: key('last-destruction-notification-timestamp'),
  expiringWarning: key('expiring-warning-notification-timestamp'),
  customNumberAlerts: key('custom-number-alerts'),
  /** When the owner asked to keep an instance that was about to expire; it gets its time once more, from then. */
  keptFromExpiration: 'lab.crownlabs.polito.it/kept-from-expiration',
  /** The mail about an instance that is on its way, so that a restart neither forgets nor repeats it. */
  inactivityMail: 'lab.crownlabs.polito.it/inactivity-mail',
  expirationMail: 'lab.crownlabs.polito.it/expiration-mail',
  /** On a Tenant: the language of its mails. */
  language: 'lab.crownlabs.polito.it/language',
  requiredTargetLabels: 'pmp.crownlabs.polito.it/required-target-ns-labels',
  /** On a mirror's claim: `namespace/name` of the claim whose bytes it shows. `dataSourceRef` says it only where a feature gate is open. */
  mirrorOf: 'pmp.crownlabs.polito.it/mirror-of',
  /** On a claim that holds a machine's disk: the image whose disk it leans on. What stands in the claim is only what differs. */
  diskBase: 'virt.crownlabs.polito.it/disk-base',
  /** On a VirtualMachine: `true` while it should sleep with its memory kept. */
  suspended: 'virt.crownlabs.polito.it/suspended',
  /** On a VirtualMachineInstance: `true` when it goes on from the memory that was kept. */
  resumed: 'virt.crownlabs.polito.it/resumed',
  /** On a VirtualMachine: `true` when it is nobody's: it boots once and sleeps, for others to go on from its memory. */
  prepare: 'virt.crownlabs.polito.it/prepare',
  /** On a VirtualMachineInstance, and on the pod that runs it: `namespace/name` of the machine whose memory it should go on from. */
  instantStart: 'virt.crownlabs.polito.it/instant-start',
} as const;

/** Finalizers. Tenant and Workspace share one string. */
export const FINALIZER = {
  tenantOperator: key('tenant-operator'),
  sharedVolumeProtection: key('shvolctrl-volume-protection'),
  snapshotProtection: 'lab.crownlabs.polito.it/snapshot-protection',
} as const;

/** The user and group that environments run as, and that volumes belong to. */
export const ENVIRONMENT_UID = 1010;

/** The security context of every pod that runs somebody's work: no root, and nothing that the level `restricted` forbids. */
export const ENVIRONMENT_SECURITY = {
  runAsUser: ENVIRONMENT_UID,
  runAsGroup: ENVIRONMENT_UID,
  fsGroup: ENVIRONMENT_UID,
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

/** Where an environment listens unless told otherwise. */
export const GUI_PORT = 6080;

/** Where the personal volume is mounted. */
export const MYDRIVE_PATH = '/media/mydrive';

/** The base workspace that everyone is a user of. */
export const UTILITIES_WORKSPACE = 'utilities';

/** The name under which templates of one's own refer to the personal workspace. */
export const PERSONAL_WORKSPACE = 'personal';
