import { Wire } from './readers.ts';

/** An image that this installation makes, and how far that has come. */
export interface ImageBuild {
  readonly name: string;
  readonly image: string;
  readonly phase: 'Pending' | 'Building' | 'Ready' | 'Failed';
  readonly step: string;
  readonly percent: number | undefined;
  readonly message: string;
}

/** Follows all builds. */
export const IMAGE_BUILDS = `subscription { itPolitoCrownlabsLabV1alpha1ImageBuildUpdate(initial: true) { updateType payload {
  metadata { name } spec { image } status { phase step percent message } } } }`;

/** A build from the wire. */
export function readImageBuild(payload: unknown): ImageBuild {
  const wire = new Wire(payload);
  const status = wire.at('status');
  const phase = status.at('phase').text();
  return {
    name: wire.at('metadata', 'name').text() ?? '',
    image: wire.at('spec', 'image').text() ?? '',
    phase: phase === 'Building' || phase === 'Ready' || phase === 'Failed' ? phase : 'Pending',
    step: status.at('step').text() ?? '',
    percent: status.at('percent').number(),
    message: status.at('message').text() ?? '',
  };
}

/** The builds that a template still waits for. */
export function unfinishedBuilds(images: readonly string[], builds: readonly ImageBuild[]): ImageBuild[] {
  return builds.filter((build) => build.phase !== 'Ready' && images.includes(build.image));
}
