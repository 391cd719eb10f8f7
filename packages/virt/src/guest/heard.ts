import type { AgentInfo } from './agent-info.ts';

/** What an emulator said of its guest, beside what the pod shows. */
export interface Heard {
  readonly paused: boolean;
  /** Whether the emulator itself has stopped to answer. */
  readonly frozen?: boolean;
  /** When the guest rebooted by itself, since it was ready last. */
  readonly reboots: readonly number[];
  /** Whether it began to boot anew and has not answered since: what its pod says of it is from before. */
  readonly bootsAnew?: boolean;
  /** What the agent in it says, where there is one. */
  readonly agent?: AgentInfo | undefined;
  /** How it came up, where it was to go on from what was prepared: `restored`, or why it boots. */
  readonly start?: string;
  /** Whether the processor runs it, as the emulator found. */
  readonly accelerated?: boolean;
}
