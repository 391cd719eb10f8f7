import { Wire } from './readers.ts';

/** An image that this installation makes, and how far that has come. */
export interface ImageBuild {
  readonly name: string;
  readonly image: string;
  readonly phase: 'OnDemand' | 'Pending' | 'Building' | 'Ready' | 'Failed';
  readonly step: string;
  readonly percent: number | undefined;
  readonly message: string;
  /** Made by the first start. */
  readonly onDemand: boolean;
  /** Whether it was tried already. */
  readonly tried: boolean;
  /** About how long making it takes. */
  readonly minutes: number | undefined;
}

/** Follows all builds. */
export const IMAGE_BUILDS = `subscription { itPolitoCrownlabsLabV1alpha1ImageBuildUpdate(initial: true) { updateType payload {
  metadata { name } spec { image onDemand minutes } status { phase step percent message finishedAt } } } }`;

const PHASES = ['OnDemand', 'Pending', 'Building', 'Ready', 'Failed'] as const;

/** A build from the wire. */
export function readImageBuild(payload: unknown): ImageBuild {
  const wire = new Wire(payload);
  const status = wire.at('status');
  const phase = status.at('phase').text();
  return {
    name: wire.at('metadata', 'name').text() ?? '',
    image: wire.at('spec', 'image').text() ?? '',
    phase: PHASES.find((it) => it === phase) ?? 'Pending',
    step: status.at('step').text() ?? '',
    percent: status.at('percent').number(),
    message: status.at('message').text() ?? '',
    onDemand: wire.at('spec', 'onDemand').flag() ?? false,
    tried: status.at('finishedAt').text() !== undefined,
    minutes: wire.at('spec', 'minutes').number(),
  };
}

/** The builds of a template's images that are still to be done. */
export function unfinishedBuilds(images: readonly string[], builds: readonly ImageBuild[]): ImageBuild[] {
  return builds.filter((build) => build.phase !== 'Ready' && images.includes(build.image));
}

/** Whether a start has to wait for a build. It does not for one that it brings about itself, also where that failed before. */
export function isAwaited({ phase, onDemand, tried }: ImageBuild): boolean {
  return phase !== 'OnDemand' && !(phase === 'Failed' && onDemand && tried);
}
