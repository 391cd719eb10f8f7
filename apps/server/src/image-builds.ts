import { type ImageBuild, imageBuilds } from '@crownlabs/api';
import { apiVersionOf, type KubeClient } from '@crownlabs/client';
import { type BuildOptions, buildImage, type ImageStore, inTurn, isUpToDate, type Recipe } from '@crownlabs/images';
import { type Clock, type Logger, messageOf, rfc3339 } from '@crownlabs/std';

/** What the builds of an installation need. */
export interface ImageBuildsOptions {
  readonly client: KubeClient;
  readonly recipes: readonly Recipe[];
  readonly store: ImageStore;
  /** Tries a registry first; resolves to false when it has no such image or none is configured. */
  readonly pull: (reference: string, signal: AbortSignal) => Promise<boolean>;
  readonly cacheDir: string;
  /** What all installations on this machine lock while they build: two that make the same image at once would each take twice as long. */
  readonly lockFile: string;
  /** An image came to the engine: who waits for one looks again. */
  readonly onImage: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

type Status = NonNullable<ImageBuild['status']>;

// A watch of every percent would be noise; people see a step a second.
const REPORT_EVERY_MS = 500;

/**
 * Tells people of every image before anybody can start an environment of it: what was not looked at yet is on its way. What an earlier run
 * found stays as it is until it is looked at again.
 */
export async function announceImages(client: KubeClient, recipes: readonly Recipe[]): Promise<void> {
  const known = new Set((await client.list(imageBuilds)).items.map(({ metadata }) => metadata.name));
  const fresh = recipes.filter(({ name }) => !known.has(name));
  await Promise.all(fresh.map((recipe) => declare({ client }, recipe, { phase: 'Pending', percent: 0 })));
}

/** Says of every image that is still on its way that it will not come. */
export async function giveUpImages(client: KubeClient, why: string): Promise<void> {
  const { items } = await client.list(imageBuilds);
  const object = (name: string | undefined) => ({
    apiVersion: apiVersionOf(imageBuilds),
    kind: imageBuilds.kind,
    metadata: { name: name ?? '' },
  });
  const open = items.filter(({ status }) => status?.phase !== 'Ready');
  await Promise.all(
    open.map(({ metadata }) =>
      client.apply(
        imageBuilds,
        { ...object(metadata.name), status: { phase: 'Failed', message: why } },
        { subresource: 'status', force: true },
      ),
    ),
  );
}

/** Makes every recipe's image, one after the other in the order given, and tells how far each is through its ImageBuild object. */
export async function buildImages(options: ImageBuildsOptions, signal: AbortSignal): Promise<void> {
  const { recipes, log } = options;
  const fresh = await Promise.all(recipes.map((recipe) => isUpToDate(recipe, options.store)));
  await Promise.all(
    recipes.map((recipe, index) =>
      declare(options, recipe, fresh[index] ? { phase: 'Ready', percent: 100 } : { phase: 'Pending', percent: 0 }),
    ),
  );
  for (const [index, recipe] of recipes.entries()) {
    if (signal.aborted) return;
    if (fresh[index]) continue;
    await make(options, recipe, signal).catch((error: unknown) => {
      if (!signal.aborted) log.error('ImageBuild failed', { image: recipe.reference, error: messageOf(error) });
    });
  }
}

async function declare({ client }: Pick<ImageBuildsOptions, 'client'>, recipe: Recipe, status: Status): Promise<void> {
  const object = { apiVersion: apiVersionOf(imageBuilds), kind: imageBuilds.kind, metadata: { name: recipe.name } };
  await client.apply(imageBuilds, { ...object, spec: { image: recipe.reference, recipe: recipe.name } }, { force: true });
  await client.apply(imageBuilds, { ...object, status }, { subresource: 'status', force: true });
}

/** Makes one image, in turn with the other installations of this machine; one of them may have made the very same meanwhile. */
function make(options: ImageBuildsOptions, recipe: Recipe, signal: AbortSignal): Promise<void> {
  const { clock, log, lockFile } = options;
  const onWait = () =>
    declare(options, recipe, { phase: 'Pending', percent: 0, step: 'Another installation on this machine is making images' });
  return inTurn({ lockFile, clock, signal, onWait }, async () => {
    if (!(await isUpToDate(recipe, options.store))) await makeNow(options, recipe, signal);
    else {
      await declare(options, recipe, { phase: 'Ready', percent: 100 });
      log.info('ImageBuild found its work done', { image: recipe.reference });
    }
    options.onImage();
  });
}

async function makeNow(options: ImageBuildsOptions, recipe: Recipe, signal: AbortSignal): Promise<void> {
  const { clock, log } = options;
  const started = clock.now();
  const startedAt = rfc3339(started);
  const report = (status: Status) => declare(options, recipe, { startedAt, ...status });
  log.info('ImageBuild started', { image: recipe.reference });
  await report({ phase: 'Building', percent: 1, step: 'Looking for a ready-made image' });
  try {
    if (!(await options.pull(recipe.reference, signal))) await build(options, recipe, { report, signal });
  } catch (error) {
    await report({ phase: 'Failed', message: messageOf(error).slice(0, 1_000), finishedAt: rfc3339(clock.now()) });
    throw error;
  }
  await report({ phase: 'Ready', percent: 100, finishedAt: rfc3339(clock.now()) });
  log.info('ImageBuild finished', { image: recipe.reference, seconds: Math.round((clock.now() - started) / 1000) });
}

async function build(
  options: ImageBuildsOptions,
  recipe: Recipe,
  run: { report: (status: Status) => Promise<void>; signal: AbortSignal },
): Promise<void> {
  const { clock, log } = options;
  let reportedAt = 0;
  let reporting = Promise.resolve();
  const onProgress: BuildOptions['onProgress'] = ({ step, percent }) => {
    if (clock.now() - reportedAt < REPORT_EVERY_MS) return;
    reportedAt = clock.now();
    reporting = reporting
      .then(() => run.report({ phase: 'Building', step, percent }))
      .catch((error: unknown) => log.warn('ImageBuild progress was not reported', { image: recipe.reference, error: messageOf(error) }));
  };
  await buildImage(recipe, { store: options.store, cacheDir: options.cacheDir, onProgress, signal: run.signal });
  await reporting;
}
