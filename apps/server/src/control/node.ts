import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Agent, type NodeDevice, startAgent } from '@crownlabs/agent';
import type { ApiServer } from '@crownlabs/apiserver';
import { type KubeClient, namespaces, nodes } from '@crownlabs/client';
import { loadRecipes, type Recipe } from '@crownlabs/images';
import type { Runtime } from '@crownlabs/runtime';
import { type OpenedRuntime, openRuntime, requireEngine, startEngine } from '@crownlabs/runtime-oci';
import { LabError, type Logger, type Scope, systemClock } from '@crownlabs/std';
import { announceImages, giveUpImages, type ImageBuilds, type ImageBuildsOptions, imageBuilds } from '../image-builds.ts';
import { imagesOnDemand } from '../images-on-demand.ts';
import { buildStore, pullFrom } from '../local-images.ts';
import { forgetEnvironments, memoryPath, noteEnvironments, removeMemory } from '../remains.ts';
import { imageLock, placesBelow, type Resolved, ROOT } from '../resolved-config.ts';
import { machineUsage } from '../resource-metrics.ts';
import { BOOTSTRAP, nodeUser, roomUser } from '../room-identities.ts';
import { installDiskPrograms } from '../setup/disk-programs.ts';
import type { MetricsSource } from '../usage-sampler.ts';
import { clientOf } from './api.ts';
import { powerOff } from './power-off.ts';
import { tunDevice } from './tun-device.ts';

/** What the node's parts share. */
export interface NodeParts {
  readonly server: ApiServer;
  readonly config: Resolved;
  readonly owned: Scope;
  readonly log: Logger;
  readonly stop: AbortSignal;
  /** The device that runs guests of virtual machines, where it does. */
  readonly kvm: Promise<NodeDevice | undefined>;
}

/** The node of this machine: its runtime, and the agent that makes pods run. */
export interface Node {
  readonly agent: Agent;
  /** The environment images of this machine, on their way once they are started. */
  readonly builds: ImageBuilds;
}

/** The name of this machine's Node: a DNS label. */
export function nodeName(): string {
  return (
    hostname()
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]/g, '-')
      .replaceAll(/^-+|-+$/g, '') || 'machine'
  );
}

/** The engine of this machine, and what of ours was found running on it. */
export interface Machine {
  readonly opened: OpenedRuntime;
  readonly dataDir: string;
  readonly installation: string;
}

/** Finds an engine and takes over what of ours runs on it. Goes on through a `stop`: what was found is then to be ended. */
export async function openMachine({ server, config, owned, log, stop }: NodeParts): Promise<Machine> {
  const places = placesBelow(config.dataDir);
  const started = await startEngine({ directory: places.engine, ...(config.engineSocket ? { socket: config.engineSocket } : {}) });
  owned.defer(() => started.stop());
  const engine = requireEngine(started);
  log.info('Container engine found', { engine: engine.version });
  const installation = await installationId(server);
  await noteEnvironments(config.dataDir, installation);
  const end = new AbortController();
  const opened = await openRuntime(
    {
      engine,
      installation,
      directory: places.pods,
      network: { internet: config.allowInternet, open: config.openNetworks, resolvers: [] },
      log: log.child({ room: 'runtime' }),
      revive: () => started.revive(),
    },
    end.signal,
  );
  if (stop.aborted) end.abort();
  else stop.addEventListener('abort', () => end.abort(), { once: true });
  owned.defer(() => opened.close());
  return { opened, installation, dataDir: config.dataDir };
}

/** Proves that tenants are walled in, and starts the agent. Throws where environments would not be safe. */
export async function startNode({ opened, installation }: Machine, parts: NodeParts): Promise<Node> {
  const { server, config, owned, log, stop } = parts;
  const devices = config.virtualMachines ? await Promise.all([parts.kvm, tunDevice()]) : [];
  stop.throwIfAborted();
  const isolation = await opened.proveIsolation();
  if (!isolation.ok)
    throw new LabError('ServiceUnavailable', `Environments would not be walled in: ${isolation.found} ${isolation.advice}`);
  log.info('Isolation of environments was proved', { found: isolation.found });
  const name = nodeName();
  const builds = imageBuilds(await buildsOptions(opened.runtime, parts, () => agent?.imagesChanged()), stop);
  let agent: Agent | undefined;
  agent = await startAgent({
    client: clientOf(server.transport(nodeUser(name)), 'agent'),
    runtime: opened.runtime,
    imageStore: imagesOnDemand(opened.runtime.images, builds),
    nodeName: name,
    dataDir: config.dataDir,
    ...(await memoryFolder(installation)),
    config: { devices: devices.flatMap((device) => device ?? []) },
    clock: systemClock,
    log: log.child({ room: 'agent' }),
    signal: stop,
  });
  const { stopped } = agent;
  owned.defer(() => stopped);
  owned.defer(server.registerKubelet(name, agent));
  return { agent, builds };
}

/** Ends every environment of ours and removes what it had on the machine. */
export async function clearMachine({ opened, installation, dataDir }: Machine): Promise<void> {
  await powerOff(opened.runtime);
  await opened.clear();
  await removeMemory(installation);
  await forgetEnvironments(dataDir);
}

/** A folder of ours in memory, for what must not touch the disk (the content of Secrets in pods), where the machine has one. */
async function memoryFolder(installation: string): Promise<{ memoryDir?: string }> {
  const path = memoryPath(installation);
  const made = await mkdir(path, { recursive: true, mode: 0o711 }).then(
    () => true,
    () => false,
  );
  return made ? { memoryDir: path } : {};
}

/** `kube-system` is made once in the life of an installation, so its uid names it. */
async function installationId(server: ApiServer): Promise<string> {
  const { metadata } = await clientOf(server.transport(BOOTSTRAP), 'bootstrap').get(namespaces, 'kube-system');
  return metadata.uid ?? '';
}

/** The environment images of this machine, the desktop first. */
async function buildsOptions({ images }: Runtime, { server, config, log }: NodeParts, onImage: () => void): Promise<ImageBuildsOptions> {
  const recipes = await ownRecipes(config);
  return {
    client: imagesClient(server),
    recipes: recipes.toSorted((a, b) => Number(b.name === 'desktop') - Number(a.name === 'desktop')),
    store: buildStore(images),
    pull: (reference, signal) => pullFrom(images, config.imageRegistry, reference, signal),
    prepare: (recipe, onLine) => (recipe.disk ? installDiskPrograms(onLine) : Promise.resolve()),
    cacheDir: placesBelow(config.dataDir).packages,
    lockFile: imageLock(config.dataDir),
    onImage,
    clock: systemClock,
    log: log.child({ room: 'images' }),
  };
}

/** The value of a promise once it is there; undefined before, and for ever when it fails. */
export function onceKnown<T>(promise: Promise<T>): () => T | undefined {
  let known: T | undefined;
  promise.then(
    (value) => {
      known = value;
    },
    () => undefined,
  );
  return () => known;
}

/** What `kubectl top` tells of this machine's node, when it has one. */
export function metricsOf(server: ApiServer, agent: Agent | undefined): MetricsSource | undefined {
  if (!agent) return undefined;
  const client = clientOf(server.transport(nodeUser(agent.nodeName)), 'agent');
  return {
    nodeName: agent.nodeName,
    nodeLabels: async () => (await client.find(nodes, agent.nodeName))?.metadata.labels ?? {},
    podStats: () => agent.podStats(),
    machine: machineUsage,
  };
}

/** Tells people which images are on their way, before anybody is let in. */
export async function announceOwnImages(server: ApiServer, config: Resolved): Promise<void> {
  await announceImages(imagesClient(server), await ownRecipes(config));
}

/** Tells people that no image will come, because there is no engine for them. */
export async function giveUpOwnImages(server: ApiServer): Promise<void> {
  return giveUpImages(
    imagesClient(server),
    'Environments cannot run on this machine now. Its administrator finds the reason with: crownlabs doctor',
  );
}

/** What only virtual machines need is not made for who has none. */
async function ownRecipes({ virtualMachines }: Resolved): Promise<Recipe[]> {
  const recipes = await loadRecipes(join(ROOT, 'images'));
  return recipes.filter(({ feature }) => feature === undefined || virtualMachines);
}

function imagesClient(server: ApiServer): KubeClient {
  return clientOf(server.transport(roomUser('images')), 'images');
}
