import type { EventRecorder, KubeClient } from '@crownlabs/client';
import type { ImageStore, Runtime } from '@crownlabs/runtime';
import type { Clock, Logger } from '@crownlabs/std';
import type { NodeAmounts } from './amounts.ts';
import type { NodeDevice } from './devices.ts';
import type { Crowd } from './prober.ts';
import type { ImageVolumes } from './volumes/image-volumes.ts';
import type { Places } from './volumes/pod-volumes.ts';

/** What every pod of a node shares. */
export interface NodeDeps {
  readonly client: KubeClient;
  readonly runtime: Runtime;
  readonly imageStore: ImageStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly places: Places;
  readonly node: NodeAmounts;
  readonly hostIp: string;
  readonly crowd: Crowd;
  readonly images: ImageNews;
  readonly imageVolumes: ImageVolumes;
  /** Devices that containers may ask for. */
  readonly devices: readonly NodeDevice[] | undefined;
}

/** Tells who waits for an image that one has come. */
export interface ImageNews {
  /** Resolves with the next image that appears on the machine, or after `ms`. */
  next(ms: number, signal: AbortSignal): Promise<void>;
  announce(): void;
}

/** A new bell for images. */
export function imageNews(clock: Clock): ImageNews {
  let bell = Promise.withResolvers<void>();
  return {
    next: async (ms, signal) => {
      const over = new AbortController();
      const either = AbortSignal.any([signal, over.signal]);
      try {
        await Promise.race([bell.promise, clock.sleep(ms, either)]);
      } finally {
        over.abort();
      }
    },
    announce: () => {
      bell.resolve();
      bell = Promise.withResolvers();
    },
  };
}
