import type { ImageInfo } from '@crownlabs/runtime';
import { messageOf } from '@crownlabs/std';
import type { NodeDeps } from './deps.ts';
import { type ImageTrouble, pullTrouble } from './image-trouble.ts';
import type { Container, Pod } from './pod.ts';

/** The container's image, fetched if its policy asks for that; or why it cannot be had. */
export async function ensureImage(
  { imageStore, events }: Pick<NodeDeps, 'imageStore' | 'events'>,
  pod: Pod,
  container: Container,
  signal: AbortSignal,
): Promise<ImageInfo | ImageTrouble> {
  const { image = '', imagePullPolicy = defaultPolicy(image) } = container;
  if (!/^\S+$/.test(image)) return { reason: 'InvalidImageName', message: `"${image}" is no name of an image` };
  const present = await imageStore.find(image);
  if (present && (imagePullPolicy !== 'Always' || isLocal(present))) return present;
  if (imagePullPolicy === 'Never')
    return { reason: 'ErrImageNeverPull', message: `The image ${image} is not on this machine and its policy is Never.` };
  return pull({ imageStore, events }, pod, image, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    if (present) return present;
    events.record(pod, { type: 'Warning', reason: 'Failed', message: `Failed to pull image "${image}": ${messageOf(error)}` });
    return pullTrouble(error);
  });
}

async function pull(
  { imageStore, events }: Pick<NodeDeps, 'imageStore' | 'events'>,
  pod: Pod,
  image: string,
  signal: AbortSignal,
): Promise<ImageInfo> {
  events.record(pod, { type: 'Normal', reason: 'Pulling', message: `Pulling image "${image}"` });
  const pulled = await imageStore.pull(image, signal);
  events.record(pod, { type: 'Normal', reason: 'Pulled', message: `Successfully pulled image "${image}"` });
  return pulled;
}

function defaultPolicy(image: string): string {
  return image.endsWith(':latest') ? 'Always' : 'IfNotPresent';
}

/** What was built here exists in no registry: asking one would only cost the time until it does not answer. */
function isLocal({ references }: ImageInfo): boolean {
  return references.some((name) => name.startsWith('localhost/'));
}
