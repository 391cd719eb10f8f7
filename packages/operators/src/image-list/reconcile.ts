import { type ImageList, imageLists } from '@crownlabs/api';
import { type EventRecorder, secrets } from '@crownlabs/client';
import type { Reconcile } from '@crownlabs/controller';
import { type Clock, LabError, sameJson } from '@crownlabs/std';
import { SYSTEM_NAMESPACE } from '../admission/handlers.ts';
import { covers } from '../covers.ts';
import type { Lab } from '../lab.ts';
import { boundedFetch } from './bounded-fetch.ts';
import type { ImageListsConfig, ImageRegistry } from './config.ts';
import { type Credentials, credentialsOf } from './credentials.ts';
import { desiredImageList, type ListedImages, listedImages } from './desired.ts';
import { listRepositories } from './listings.ts';
import { RegistrySession } from './registry-session.ts';
import { type Listing, observeImageList } from './status.ts';

/** What the updater of ImageLists works with. */
export interface ImageListTools {
  readonly lab: Lab;
  readonly config: ImageListsConfig;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

interface Asked {
  readonly at: number;
  readonly listing: Listing;
}

/** Keeps an ImageList for each registry what the registry has. Its keys are names of registries. */
export function imageListReconciler(tools: ImageListTools): Reconcile {
  const { config, clock } = tools;
  const asked = new Map<string, Asked>();
  const good = new Map<string, ListedImages>();
  return async ({ name }, signal) => {
    const registry = config.registries.find((it) => it.name === name);
    if (!registry) return undefined;
    const known = asked.get(name);
    // What was edited by hand is put right without asking anybody.
    const fresh = known !== undefined && clock.now() < dueAt(known, config);
    const latest = fresh ? known : { at: clock.now(), listing: await ask(tools, registry, signal) };
    asked.set(name, latest);
    if ('images' in latest.listing) good.set(name, latest.listing.images);
    await write(tools, registry, { listing: latest.listing, images: good.get(name) });
    return { afterMs: Math.max(10, dueAt(latest, config) - clock.now()) };
  };
}

const AFTER_FAILURE_MS = 60_000;
const LONGEST_LISTING_MS = 120_000;

function dueAt({ at, listing }: Asked, { intervalMs }: ImageListsConfig): number {
  return at + ('failure' in listing ? Math.min(intervalMs, AFTER_FAILURE_MS) : intervalMs);
}

async function ask({ lab, config }: ImageListTools, registry: ImageRegistry, signal: AbortSignal): Promise<Listing> {
  try {
    const base = new URL(registry.url);
    const credentials = await secretOf(lab, registry, base.host);
    // However many pages there are, and however slow they come.
    const until = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_LISTING_MS)]);
    const hosts = new Set([base.host, ...config.tokenHosts]);
    const fetch = boundedFetch({ hosts, plain: base.protocol === 'http:', timeoutMs: config.timeoutMs, signal: until });
    return { images: listedImages(await listRepositories(new RegistrySession(base, fetch, credentials), registry)) };
  } catch (error) {
    if (signal.aborted) throw error;
    return { failure: LabError.from(error) };
  }
}

async function secretOf({ client }: Lab, { secretRef }: ImageRegistry, host: string): Promise<Credentials | undefined> {
  if (!secretRef) return undefined;
  const { name, namespace = SYSTEM_NAMESPACE } = secretRef;
  const secret = await client.find(secrets, name, namespace);
  if (!secret) throw new LabError('Invalid', `there is no Secret ${name} in ${namespace}`);
  return credentialsOf(secret, host);
}

/** A registry that is away takes nothing from people: its list stays what it was. */
async function write(
  { lab, clock, events }: ImageListTools,
  registry: ImageRegistry,
  { listing, images }: { readonly listing: Listing; readonly images: ListedImages | undefined },
): Promise<void> {
  const before = lab.imageLists.get(registry.imageListName);
  const wanted = desiredImageList(registry, images ?? before?.spec.images ?? []);
  const list: ImageList = before && covers(before, wanted) ? before : await lab.client.apply(imageLists, wanted, { force: true });
  const status = observeImageList(list, listing, clock.now());
  if (sameJson(status, list.status)) return;
  announce(events, list, status);
  await lab.client.patch(imageLists, registry.imageListName, undefined, { status }, { subresource: 'status' });
}

function announce(events: EventRecorder, list: ImageList, { conditions = [] }: NonNullable<ImageList['status']>): void {
  const [now] = conditions;
  const before = list.status?.conditions?.find(({ type }) => type === now?.type);
  if (now?.status !== 'False' || before?.reason === now.reason) return;
  events.record(list, { type: 'Warning', reason: now.reason, message: now.message });
}
