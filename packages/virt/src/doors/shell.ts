import type { Duplex } from 'node:stream';
import type { ObjectKey } from '@crownlabs/client';

/** All that this room needs of running pods: to talk to a program in one. */
export interface PodShell {
  /** What a command writes, and what it reads, as one stream; its end is the command's end. */
  open(pod: ObjectKey, container: string, command: readonly string[], signal: AbortSignal): Promise<Duplex>;
  /** What a command prints. A code that is not 0 is an InternalError with what it complained. */
  run(pod: ObjectKey, container: string, command: readonly string[], signal: AbortSignal): Promise<string>;
}
