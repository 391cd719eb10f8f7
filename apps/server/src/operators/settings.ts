import { type OperatorsConfig, SINGLE_MACHINE, SYSTEM_NAMESPACE } from '@crownlabs/operators';
import { LabError } from '@crownlabs/std';
import { z } from 'zod';
import { automationConfig } from '../automation/from-settings.ts';
import { AutomationSettings, MailSettings } from '../automation/settings.ts';
import { durationMs } from '../config.ts';
import { parseSettings } from '../settings-text.ts';
import { SHARED_RESOURCES, sharedResources } from './shared-resources.ts';

const SPAN = 'a number and a unit is needed, such as 30s, 10m, 1h or 7d';
const duration = z.string(SPAN).regex(/^(\d+(\.\d+)?)(ms|s|m|h|d)$/, SPAN);
const port = z.int().min(0).max(65535);
const labels = z.record(z.string(), z.string());

const caps = z.strictObject({
  cpu: z.int().min(0).default(SINGLE_MACHINE.caps.cpu).describe('Cores; 0 is no cap.'),
  memory: z.string().default(SINGLE_MACHINE.caps.memory).describe('Memory, as a quantity; 0 is no cap.'),
  instances: z.int().min(0).default(SINGLE_MACHINE.caps.instances).describe('Running instances; 0 is no cap.'),
});

const drive = z.strictObject({
  size: z.string().default('1Gi').describe('Size of a personal volume.'),
  storageClassName: z.string().exactOptional().describe('A class whose volumes many pods can mount; the default class if absent.'),
  provisionerImage: z.string().exactOptional().describe('An image with chown, where new volumes belong to root; nothing is run if absent.'),
});

const ingress = z.strictObject({
  className: z.string().exactOptional().describe('The ingressClassName of Ingresses; the default class if absent.'),
  tlsSecret: z.string().default(SINGLE_MACHINE.ingress.tlsSecret).describe('Secret with the certificate, in every personal namespace.'),
  authUrl: z.string().exactOptional().describe('Address of the proxy that asks people to sign in; nobody is asked if absent.'),
});

const gateway = z.strictObject({ name: z.string(), namespace: z.string() });

const machines = z.strictObject({
  registrySecret: z.string().default(SINGLE_MACHINE.machines.registrySecret).describe('Secret with which containerdisks are pulled.'),
  importSecret: z.string().default(SINGLE_MACHINE.machines.importSecret).describe('Secret with which disks are imported.'),
  diskSize: z.string().default(SINGLE_MACHINE.machines.diskSize).describe('Size of an imported disk where the template names none.'),
  sshKeys: z.array(z.string()).default([]).describe('Public keys that every machine admits beside those of people.'),
  networkConfig: z
    .string()
    .refine(isJson, 'must be JSON')
    .exactOptional()
    .describe(
      'JSON of CNI for networks between machines, with {wire}, {namespace} and {name}. Default: a bridge of each node, one node alone.',
    ),
  diskNamespaces: z
    .array(z.string())
    .optional()
    .describe('Namespaces whose volumes the templates of all workspaces may make disks of. Default: all that CrownLabs did not make.'),
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function machinesConfig({ diskNamespaces, ...rest }: z.infer<typeof machines>): OperatorsConfig['machines'] {
  return { ...rest, ...(diskNamespaces ? { diskNamespaces } : {}) };
}

const keycloak = z.strictObject({
  kind: z.literal('keycloak'),
  url: z
    .url()
    .describe('Address of Keycloak, without /realms. NODE_EXTRA_CA_CERTS names its authority, when the machine does not know it.'),
  realm: z.string().default('crownlabs').describe('The realm of people; made when it is not there and the client may.'),
  rolesClient: z.string().default('k8s').describe('The client whose roles are memberships, and the audience of tokens.'),
  clientId: z.string().describe('The client that we sign in as, by a secret.'),
  clientSecretFile: z.string().describe('File with its secret; it is read again when it changes.'),
  redirectURIs: z.array(z.string()).optional().describe('Where the client may send people back to. Default: the sign-in of publicURL.'),
  authRealm: z.string().optional().describe('The realm of that client; the realm of people if absent.'),
});

const webhooks = z.strictObject({
  register: z
    .enum(['auto', 'url', 'service', 'none'])
    .default('auto')
    .describe('How the API is told where to ask. auto: by Service inside a cluster, by address outside of one.'),
  bind: z.string().default('0.0.0.0').describe('Address to listen on.'),
  port: port.default(9443).describe('Port to listen on; 0 picks a free one.'),
  url: z.url().optional().describe('Where the API reaches us. Default: https, our address as the API sees it, and the port.'),
  service: z
    .strictObject({
      namespace: z.string().default(SYSTEM_NAMESPACE),
      name: z.string().default('crownlabs-operators'),
      port: port.default(443),
    })
    .prefault({})
    .describe('The Service in front of us.'),
  certificateDir: z
    .string()
    .optional()
    .describe('Folder with tls.crt, tls.key and ca.crt (a Secret of cert-manager). Absent: we sign for ourselves and renew in time.'),
});

const leaderElection = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether one of several replicas works at a time.'),
  leaseSeconds: z.number().min(1).default(15).describe('How long a leader that has gone is waited for.'),
});

const api = z.strictObject({
  qps: z.number().min(0).default(200).describe('The most requests a second; 0 is no limit.'),
  burst: z.number().min(1).default(400).describe('How many may go at once after a pause.'),
});

/** The settings of `crownlabs operators`. Every key has its meaning beside it; unknown keys are errors. */
export const OperatorsSettings = z.strictObject({
  publicURL: z.url().default('http://localhost:8080').describe('The one address of the product.'),
  operatorSelector: z.string().default('').describe('Value of the label operator-selector of what is ours; empty means everything.'),
  claimsUnlabelled: z
    .boolean()
    .default(true)
    .describe('Whether Tenants without that label become ours: of several installations in a cluster, one at most says so.'),
  exposition: z.enum(['gateway', 'ingress', 'httproute']).default('gateway').describe('How environments are reached from outside.'),
  ingress: ingress.prefault({}).describe('What Ingresses say, in the mode ingress.'),
  httpRoute: z
    .strictObject({ gateway })
    .default(SINGLE_MACHINE.httpRoute)
    .describe('The Gateway that HTTPRoutes attach to, in the mode httproute.'),
  machines: machines.prefault({}).describe('What virtual machines need of the cluster.'),
  namespaceKeepAlive: z
    .union([z.literal('forever'), duration])
    .default('168h')
    .describe('How long a personal namespace outlives the last sign-in. forever: it is there before the first.'),
  keepStopped: duration.default('1h').describe('How long a stopped, non-persistent environment is kept in memory before its data is lost.'),
  caps: caps.prefault({}).describe('The most that one person gets, whatever the workspaces add up to.'),
  drive: z
    .union([drive, z.literal(false)])
    .prefault({})
    .describe('Personal volumes; false where there are none.'),
  ...SHARED_RESOURCES,
  contentToolsImage: z
    .string()
    .default(SINGLE_MACHINE.contentToolsImage)
    .describe('The image that unpacks archives before the first start.'),
  waitUserVerification: z.boolean().default(false).describe('Wait with everything but the account until the address was confirmed.'),
  baseWorkspaces: z.array(z.string()).default([]).describe('Workspaces that everybody is a user of.'),
  namespaceLabels: labels.default({}).describe("Labels of every personal namespace beside the product's own."),
  bypassGroups: z
    .array(z.string())
    .default([...SINGLE_MACHINE.bypassGroups])
    .describe('Groups whose changes of Tenants are let through with a warning.'),
  directory: z
    .discriminatedUnion('kind', [z.strictObject({ kind: z.literal('embedded') }), keycloak])
    .default({ kind: 'embedded' })
    .describe('Where people and groups are kept. embedded: the product reads Tenants itself.'),
  mail: MailSettings.optional().describe('The mail server that warnings go through. Absent: mail is off, and nobody is warned.'),
  automation: AutomationSettings.prefault({}).describe('When unused instances are stopped and deleted, and exams are asked about.'),
  webhooks: webhooks.prefault({}).describe('The admission webhooks.'),
  metrics: z
    .strictObject({ bind: z.string().default('0.0.0.0'), port: port.default(8080).describe('0 picks a free one.') })
    .prefault({})
    .describe('Where /metrics, /healthz and /readyz are served.'),
  leaderElection: leaderElection.prefault({}).describe('How replicas agree on who works.'),
  api: api.prefault({}).describe('How fast the API may be asked.'),
  desktopProbe: z
    .enum(['auto', 'direct', 'portforward', 'none'])
    .default('auto')
    .describe('How desktops are asked whether they answer. auto: directly inside a cluster, through the API outside of one.'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('The least that is worth a line.'),
});
export type OperatorsSettings = z.infer<typeof OperatorsSettings>;

/** Parses a settings file's text together with what flags override. */
export function parseOperators(text: string, overrides: Readonly<Record<string, unknown>>): OperatorsSettings {
  const settings = parseSettings(OperatorsSettings, text, overrides);
  const { register, url } = settings.webhooks;
  if (url !== undefined && !url.startsWith('https://'))
    throw new LabError('Invalid', 'webhooks.url: an API asks webhooks over https alone.');
  if (url !== undefined && register === 'service')
    throw new LabError('Invalid', 'webhooks.url: it is registered by service; leave the url out.');
  return settings;
}

/** The part of the settings that decides what the operators do. */
export function operatorsConfig(settings: OperatorsSettings): OperatorsConfig {
  const { publicURL, namespaceKeepAlive, keepStopped, drive: volumes, ingress: of, ...rest } = settings;
  const { operatorSelector, claimsUnlabelled, exposition, httpRoute, machines: vm, caps: most } = rest;
  const { contentToolsImage, waitUserVerification, baseWorkspaces, namespaceLabels, bypassGroups } = rest;
  return {
    ...SINGLE_MACHINE,
    operatorSelector,
    claimsUnlabelled,
    publicUrl: publicURL.replace(/\/$/, ''),
    exposition,
    ingress: of,
    httpRoute,
    machines: machinesConfig(vm),
    namespaceKeepAliveMs: namespaceKeepAlive === 'forever' ? 'forever' : durationMs(namespaceKeepAlive),
    keepStoppedMs: durationMs(keepStopped),
    caps: most,
    drive: volumes === false ? undefined : volumes,
    ...sharedResources(settings),
    contentToolsImage,
    automation: automationConfig(settings.automation),
    waitUserVerification,
    baseWorkspaces,
    namespaceLabels,
    bypassGroups,
  };
}
