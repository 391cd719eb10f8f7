import { imageBuilds as builds, type ImageBuild } from '@crownlabs/api';
import { apiVersionOf, type KubeClient } from '@crownlabs/client';
import { type BuildOptions, buildImage, type ImageStore, inTurn, isUpToDate, RECIPE_LABEL, type Recipe } from '@crownlabs/images';
import { type Clock, LabError, type Logger, messageOf, rfc3339 } from '@crownlabs/std';

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
  /** Brings the programs that a recipe is made with to the machine. `onLine` hears how that goes. */
  readonly prepare?: (recipe: Recipe, onLine: (line: string) => void) => Promise<void>;
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
  const known = new Set((await client.list(builds)).items.map(({ metadata }) => metadata.name));
  const fresh = recipes.filter(({ name }) => !known.has(name));
  await Promise.all(fresh.map((recipe) => declare({ client }, recipe, notYet(recipe))));
}

/** Says of every image that is still on its way that it will not come. */
export async function giveUpImages(client: KubeClient, why: string): Promise<void> {
  const { items } = await client.list(builds);
  const object = (name: string | undefined) => ({
    apiVersion: apiVersionOf(builds),
    kind: builds.kind,
    metadata: { name: name ?? '' },
  });
  const open = items.filter(({ status }) => status?.phase !== 'Ready');
  await Promise.all(
    open.map(({ metadata }) =>
      client.apply(builds, { ...object(metadata.name), status: { phase: 'Failed', message: why } }, { subresource: 'status', force: true }),
    ),
  );
}

/** The images of an installation on their way. */
export interface ImageBuilds {
  /** Looks at what is there, and makes what is made unasked; resolves when all of that is done or was given up. */
  start(): Promise<void>;
  /** Whether an image that was found is the one that would be made now, or at least the best there is. */
  isCurrent(reference: string, labels: Readonly<Record<string, string>>): boolean;
  /** Whether an image is made when somebody asks for it. */
  isOnDemand(reference: string): boolean;
  /** Makes an image that is made on demand, after what it needs. Rejects where that fails; whoever asks again has it tried again. */
  ask(reference: string): Promise<void>;
}

/** Makes images one at a time, and tells how far each is through its ImageBuild object. Whoever asks for one comes before what is made unasked. */
export function imageBuilds(options: ImageBuildsOptions, signal: AbortSignal): ImageBuilds {
  const { recipes, store, log } = options;
  const onDemand = new Map(recipes.filter((recipe) => recipe.onDemand).map((recipe) => [recipe.reference, recipe]));
  const asked = new Map<string, Promise<void>>();
  const givenUp = new Set<string>();
  const looked = Promise.withResolvers<void>();
  const line = waitingLine((recipe) => make(options, recipe, signal));
  const needed = ({ needs }: Recipe) => recipes.filter(({ name }) => needs.includes(name));
  const makeAsked = async (recipe: Recipe) => {
    await looked.promise;
    for (const need of needed(recipe)) {
      await declare(options, recipe, { phase: 'Pending', percent: 0, step: `${need.title} is made first` });
      await ask(need);
    }
    if (await isUpToDate(recipe, store)) return declare(options, recipe, READY);
    await declare(options, recipe, { phase: 'Pending', percent: 0 });
    await line.before(recipe);
    givenUp.delete(recipe.reference);
  };
  const ask = (recipe: Recipe): Promise<void> => {
    const running = asked.get(recipe.name) ?? makeAsked(recipe).finally(() => asked.delete(recipe.name));
    asked.set(recipe.name, running);
    return running;
  };
  return {
    start: async () => {
      const fresh = await Promise.all(recipes.map((recipe) => isUpToDate(recipe, store)));
      await Promise.all(recipes.map((recipe, index) => declare(options, recipe, fresh[index] ? READY : notYet(recipe))));
      looked.resolve();
      const unasked = recipes.filter((recipe, index) => !fresh[index] && !recipe.onDemand);
      await Promise.all(
        unasked.map((recipe) =>
          line.after(recipe).catch((error: unknown) => {
            if (!signal.aborted) log.error('ImageBuild failed', { image: recipe.reference, error: messageOf(error) });
          }),
        ),
      );
    },
    isCurrent: (reference, labels) => {
      const recipe = onDemand.get(reference);
      return !recipe || givenUp.has(reference) || labels[RECIPE_LABEL] === recipe.digest;
    },
    isOnDemand: (reference) => onDemand.has(reference),
    ask: async (reference) => {
      const recipe = onDemand.get(reference);
      if (!recipe) throw new LabError('NotFound', `${reference} is not made here when it is asked for.`);
      await ask(recipe).catch((error: unknown) => {
        // An older one, where there is one, is better than none.
        givenUp.add(reference);
        throw error;
      });
    },
  };
}

const READY: Status = { phase: 'Ready', percent: 100 };
const notYet = ({ onDemand }: Recipe): Status => (onDemand ? { phase: 'OnDemand' } : { phase: 'Pending', percent: 0 });

interface Job {
  readonly recipe: Recipe;
  readonly done: PromiseWithResolvers<void>;
}

/** Images that wait for their turn, and one that has it. */
function waitingLine(work: (recipe: Recipe) => Promise<void>) {
  const lines: { readonly asked: Job[]; readonly unasked: Job[] } = { asked: [], unasked: [] };
  let busy = false;
  const go = async () => {
    if (busy) return;
    busy = true;
    for (let job = lines.asked.shift() ?? lines.unasked.shift(); job; job = lines.asked.shift() ?? lines.unasked.shift()) {
      await work(job.recipe).then(job.done.resolve, job.done.reject);
    }
    busy = false;
  };
  const join = (line: Job[]) => (recipe: Recipe) => {
    const done = Promise.withResolvers<void>();
    line.push({ recipe, done });
    void go();
    return done.promise;
  };
  return { before: join(lines.asked), after: join(lines.unasked) };
}

async function declare({ client }: Pick<ImageBuildsOptions, 'client'>, recipe: Recipe, status: Status): Promise<void> {
  const object = { apiVersion: apiVersionOf(builds), kind: builds.kind, metadata: { name: recipe.name } };
  const minutes = recipe.onDemand && { onDemand: true, minutes: recipe.onDemand.minutes };
  await client.apply(builds, { ...object, spec: { image: recipe.reference, recipe: recipe.name, ...minutes } }, { force: true });
  await client.apply(builds, { ...object, status }, { subresource: 'status', force: true });
}

/** Makes one image, in turn with the other installations of this machine; one of them may have made the very same meanwhile. */
function make(options: ImageBuildsOptions, recipe: Recipe, signal: AbortSignal): Promise<void> {
  const { clock, log, lockFile } = options;
  const onWait = () =>
    declare(options, recipe, { phase: 'Pending', percent: 0, step: 'Another installation on this machine is making images' });
  return inTurn({ lockFile, clock, signal, onWait }, async () => {
    if (!(await isUpToDate(recipe, options.store))) await makeNow(options, recipe, signal);
    else {
      await declare(options, recipe, READY);
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
  await options.prepare?.(recipe, (text) => onProgress({ step: text.slice(0, 80), percent: 1 }));
  await buildImage(recipe, { store: options.store, cacheDir: options.cacheDir, onProgress, signal: run.signal });
  await reporting;
}
