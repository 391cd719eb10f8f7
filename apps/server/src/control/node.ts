import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Agent, startAgent } from '@crownlabs/agent';
import type { ApiServer } from '@crownlabs/apiserver';
import { namespaces } from '@crownlabs/client';
import { loadRecipes } from '@crownlabs/images';
import type { Runtime } from '@crownlabs/runtime';
import { openRuntime, requireEngine, startEngine } from '@crownlabs/runtime-oci';
import { LabError, type Logger, type Scope, systemClock } from '@crownlabs/std';
import { buildImages } from '../image-builds.ts';
import { buildStore, pullFrom } from '../local-images.ts';
import { placesBelow, type Resolved, ROOT } from '../resolved-config.ts';
import { BOOTSTRAP, nodeUser, roomUser } from '../room-identities.ts';
import { clientOf } from './api.ts';

/** What the node's parts share. */
export interface NodeParts {
  readonly server: ApiServer;
  readonly config: Resolved;
  readonly owned: Scope;
  readonly log: Logger;
  readonly stop: AbortSignal;
}

/** The node of this machine: its runtime, and the agent that makes pods run. */
export interface Node {
  readonly runtime: Runtime;
  readonly agent: Agent;
  /** Ends every environment; their objects stay, and the next start brings them back. */
  clear(): Promise<void>;
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

/** Finds an engine, proves that tenants are walled in on it, and starts the agent. Throws where environments would not be safe. */
export async function openNode({ server, config, owned, log, stop }: NodeParts): Promise<Node> {
  const places = placesBelow(config.dataDir);
  const started = await startEngine({ directory: places.engine, ...(config.engineSocket ? { socket: config.engineSocket } : {}) });
  owned.defer(() => started.stop());
  const engine = requireEngine(started);
  log.info('Container engine found', { engine: engine.version });
  const installation = await installationId(server);
  const opened = await openRuntime(
    {
      engine,
      installation,
      directory: places.pods,
      network: { internet: config.allowInternet, open: [], resolvers: [] },
      log: log.child({ room: 'runtime' }),
      revive: () => started.revive(),
    },
    stop,
  );
  owned.defer(() => opened.close());
  const isolation = await opened.proveIsolation();
  if (!isolation.ok)
    throw new LabError('ServiceUnavailable', `Environments would not be walled in: ${isolation.found} ${isolation.advice}`);
  log.info('Isolation of environments was proved', { found: isolation.found });
  const name = nodeName();
  const agent = await startAgent({
    client: clientOf(server.transport(nodeUser(name)), 'agent'),
    runtime: opened.runtime,
    nodeName: name,
    dataDir: config.dataDir,
    ...(await memoryFolder(installation)),
    config: {},
    clock: systemClock,
    log: log.child({ room: 'agent' }),
    signal: stop,
  });
  owned.defer(() => agent.stopped);
  owned.defer(server.registerKubelet(name, agent));
  return { runtime: opened.runtime, agent, clear: () => opened.clear() };
}

/** A folder of ours in memory, for what must not touch the disk (the content of Secrets in pods), where the machine has one. */
async function memoryFolder(installation: string): Promise<{ memoryDir?: string }> {
  const path = `/run/crownlabs-${installation.slice(0, 8)}`;
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

/** Makes the environment images that are missing or outdated, the desktop first. */
export async function makeImages({ runtime }: Node, { server, config, log, stop }: NodeParts): Promise<void> {
  const recipes = await loadRecipes(join(ROOT, 'images'));
  await buildImages(
    {
      client: clientOf(server.transport(roomUser('images')), 'images'),
      recipes: recipes.toSorted((a, b) => Number(b.name === 'desktop') - Number(a.name === 'desktop')),
      store: buildStore(runtime.images),
      pull: (reference, signal) => pullFrom(runtime.images, config.imageRegistry, reference, signal),
      cacheDir: placesBelow(config.dataDir).packages,
      clock: systemClock,
      log: log.child({ room: 'images' }),
    },
    stop,
  );
}
