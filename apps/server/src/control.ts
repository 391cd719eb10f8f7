import type { ApiServer } from '@crownlabs/apiserver';
import type { Identity } from '@crownlabs/identity';
import { startKubeControllers } from '@crownlabs/kube-controllers';
import {
  type AdmissionHandlers,
  admissionHandlers,
  type Operators,
  type OperatorsConfig,
  rfbProbe,
  SINGLE_MACHINE,
  watchLab,
} from '@crownlabs/operators';
import { type Logger, messageOf, scope, systemClock } from '@crownlabs/std';
import { automationConfig, postFrom } from './automation/from-settings.ts';
import { durationMs } from './config.ts';
import { certificatesOf, clientOf, installLab, isLabInstalled, openApi, serveApi } from './control/api.ts';
import { openDoors, openIdentity } from './control/doors.ts';
import { kvmDevice } from './control/kvm-device.ts';
import { type LateMetrics, lateMetrics } from './control/late-metrics.ts';
import { machineRoom } from './control/machines.ts';
import {
  announceOwnImages,
  clearMachine,
  giveUpOwnImages,
  type Machine,
  metricsOf,
  type Node,
  type NodeParts,
  onceKnown,
  openMachine,
  startNode,
} from './control/node.ts';
import { createDemo } from './demo.ts';
import { keepGatewayToken } from './gateway-token.ts';
import { placesBelow, type Resolved } from './resolved-config.ts';
import { BOOTSTRAP, CONTROLLER_MANAGER, roomUser } from './room-identities.ts';

/** What the supervisor and the process itself give. */
export interface Running {
  readonly log: Logger;
  readonly stop: AbortSignal;
  readonly ready: (notes: readonly string[]) => void;
  /** Asked at the end: whether environments are to run on. */
  readonly keep: () => boolean;
}

/**
 * Runs the process that holds the data and the engine until `stop`: API, controllers, identity and relay first, because people sign in there;
 * the node beside them, because an engine may take its time.
 */
export async function control(config: Resolved, { log, stop, ready, keep }: Running): Promise<void> {
  await using owned = scope();
  const operators = operatorsConfig(config);
  const admission = admissionHandlers({ config: operators, clock: systemClock });
  let identity: Identity | undefined;
  const node = Promise.withResolvers<Node>();
  const known = onceKnown(node.promise);
  const counted = lateMetrics();
  const metrics = () => metricsOf(server, known()?.agent);
  const kvm = config.virtualMachines ? kvmDevice() : Promise.resolve(undefined);
  const machines = config.virtualMachines ? machineRoom(config.openNetworks, kvm) : undefined;
  const localGroups = machines ? [machines.group] : [];
  const server: ApiServer = await openApi(
    { config, admission, identity: () => identity, metrics, counted: () => counted.text(), localGroups, log: log.child({ room: 'api' }) },
    owned,
  );
  const installed = await isLabInstalled(server);
  const install = async () => {
    await Promise.all([installLab(server, operators), machines?.install(server)]);
    await announceOwnImages(server, config);
  };
  if (!installed) await install();
  identity = await openIdentity(server, config, { owned, log });
  const certificates = await certificatesOf(config);
  await serveApi(server, certificates, config, owned);
  await openDoors(server, identity, { config, owned, log });
  await keepGatewayToken(
    clientOf(server.transport(BOOTSTRAP), 'bootstrap'),
    { path: placesBelow(config.dataDir).edge.token, owner: config.edgeUser },
    { clock: systemClock, log, stop },
  );
  if (installed) await install();
  startKubeControllers(
    {
      client: clientOf(server.transport(CONTROLLER_MANAGER), 'kube-controllers'),
      rootCa: certificates.ca,
      clock: systemClock,
      log: log.child({ room: 'kube' }),
    },
    stop,
  );
  const lab = await runOperators({ server, config, admission, counted, log, stop }, operators, node.promise);
  await lab.ready;
  ready(config.demo ? await createDemo(clientOf(server.transport(BOOTSTRAP), 'demo'), identity.accounts, config) : []);
  const parts = { server, config, owned, log, stop, kvm };
  const running = runNode(parts, node);
  const guests = machines?.run(
    server,
    node.promise.then((one) => one.agent),
    log.child({ room: 'virt' }),
    stop,
  );
  await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
  await Promise.all([lab.stopped, running.images, guests]);
  if (!keep()) await endEnvironments(running.machine, running.opened, log);
}

interface OperatorsParts extends Omit<NodeParts, 'owned' | 'kvm'> {
  readonly admission: AdmissionHandlers;
  readonly counted: LateMetrics;
}

/** Starts the operators of the lab; they reach desktops through the node, once there is one. */
async function runOperators(
  { server, config, admission, counted, log, stop }: OperatorsParts,
  operators: OperatorsConfig,
  node: Promise<Node>,
): Promise<Operators> {
  const linkKey = placesBelow(config.dataDir).edge.sessionKey;
  const post = await postFrom(config.mail, { publicURL: config.publicURL, linkKey, clock: systemClock });
  const lab = watchLab(
    {
      client: clientOf(server.transport(roomUser('operators')), 'operators'),
      config: operators,
      clock: systemClock,
      log: log.child({ room: 'operators' }),
      admission,
      ...post,
      metrics: counted.operators,
      probe: rfbProbe(async (pod, port, signal) => (await node).agent.dial(pod, port, signal)),
    },
    stop,
  );
  const running = lab.work(stop);
  running.ready
    .then(() => counted.load(lab.counts))
    .catch((error: unknown) => log.debug('Counters were not loaded', { error: messageOf(error) }));
  return running;
}

/** Opens the machine, starts its node and makes images, each as soon as it can be; `node` hears of it. */
function runNode(parts: NodeParts, node: PromiseWithResolvers<Node>) {
  const machine = openMachine(parts);
  const opened = machine.then((one) => startNode(one, parts));
  opened.then(node.resolve, node.reject);
  node.promise.catch((error: unknown) => tellOfFailure(error, parts));
  const images = opened
    .then(({ builds }) => builds.start())
    .catch((error: unknown) => parts.log.debug('Images were not made', { error: messageOf(error) }));
  return { machine, opened, images };
}

/** A machine without a node serves people and tells them why nothing starts. */
function tellOfFailure(error: unknown, { server, log, stop }: NodeParts): void {
  if (stop.aborted) return;
  log.error('Environments cannot run on this machine', { error: messageOf(error) });
  giveUpOwnImages(server).catch((cause: unknown) => log.warn('Nobody was told that there will be no images', { error: messageOf(cause) }));
}

/** Their objects stay: the next start brings environments back by their spec. */
async function endEnvironments(machine: Promise<Machine>, opened: Promise<Node>, log: Logger): Promise<void> {
  // The agent would take what is cleared for an accident, and make it again.
  const agent = await opened.then(
    (one) => one.agent,
    () => undefined,
  );
  await agent?.stopped;
  // Without an engine there is nothing to end, and why there is none was said.
  const found = await machine.catch(() => undefined);
  if (found) await clearMachine(found).catch((error: unknown) => log.warn('Environments were not ended', { error: messageOf(error) }));
}

function operatorsConfig(config: Resolved): OperatorsConfig {
  return {
    ...SINGLE_MACHINE,
    publicUrl: config.publicURL,
    keepStoppedMs: durationMs(config.keepStopped),
    automation: automationConfig(config.automation),
  };
}
