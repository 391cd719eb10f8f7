import { type Instance, instances } from '@crownlabs/api';
import { type EventRecorder, keyOf, keyText, type ObjectKey } from '@crownlabs/client';
import { type Backoff, backoffDelay, type Clock, type Logger, messageOf, rfc3339 } from '@crownlabs/std';
import type { Lab } from '../lab.ts';
import type { Notice, Post } from './notice.ts';
import { timeOf } from './span.ts';

/** Parts of an outbox. */
export interface OutboxOptions {
  readonly lab: Lab;
  readonly post: Post;
  /** The annotation in which it keeps what is on its way. */
  readonly annotation: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
}

/** What became of a notice: it is out of our hands, or is to be tried again later. */
export type Posted =
  | { readonly done: true; readonly instance: Instance }
  | { readonly done: false; readonly afterMs: number; readonly since: number };

const BACKOFF: Backoff = { baseMs: 15_000, capMs: 15 * 60_000 };

type State = 'queued' | 'sending';

interface Mark {
  readonly state: State;
  readonly id: string;
  readonly since: number;
  readonly process: string;
}

/** What this process knows of the notices about one Instance. */
interface Memory {
  readonly uid: string | undefined;
  /** The last notice that is out of our hands. */
  taken?: string;
  failures: number;
  nextTry: number;
}

/**
 * Brings notices on their way at most once each. What is about to be sent is written onto the Instance before, so that a restart knows: what was
 * `queued` is sent, what was being sent when a process died is not sent again, because nobody can tell how far it came.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #process = crypto.randomUUID().slice(0, 8);
  readonly #known = new Map<string, Memory>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** The id of the notice that an Instance says is on its way. */
  pending(instance: Instance): string | undefined {
    return readMark(instance.metadata.annotations?.[this.#options.annotation])?.id;
  }

  /** What removes the mark when the notice is done with. */
  get cleared(): Record<string, null> {
    return { [this.#options.annotation]: null };
  }

  /** A mark that a notice is to be sent, to be written together with what it tells of. */
  queued(id: string): Record<string, string> {
    return this.#marked('queued', id, this.#options.clock.now());
  }

  /** Sends the notice unless that was done. The mark stays; whoever calls removes it together with what it counts. */
  async send(instance: Instance, notice: Notice, signal: AbortSignal): Promise<Posted> {
    const memory = this.#of(instance);
    const mark = this.#mark(instance, notice.id);
    if (memory.taken === notice.id || this.#wasElsewhere(mark)) return { done: true, instance };
    const since = mark?.since ?? this.#options.clock.now();
    const early = memory.nextTry - this.#options.clock.now();
    if (early > 0) return { done: false, afterMs: early, since };
    const marked = mark?.state === 'sending' ? instance : await this.#claim(instance, notice.id, since);
    if (await this.#try(marked, notice, signal)) {
      Object.assign(memory, { taken: notice.id, failures: 0, nextTry: 0 });
      return { done: true, instance: marked };
    }
    const afterMs = backoffDelay(BACKOFF, memory.failures);
    Object.assign(memory, { failures: memory.failures + 1, nextTry: this.#options.clock.now() + afterMs });
    await this.#write(marked, { annotations: this.#marked('queued', notice.id, since) });
    return { done: false, afterMs, since };
  }

  /** Forgets an Instance, once it is seen to be gone: until then a look at what it was must not send its last notice again. */
  forget(key: ObjectKey): void {
    this.#known.delete(keyText(key));
  }

  #of(instance: Instance): Memory {
    const key = keyText(keyOf(instance));
    const { uid } = instance.metadata;
    const known = this.#known.get(key);
    if (known && known.uid === uid) return known;
    const memory: Memory = { uid, failures: 0, nextTry: 0 };
    this.#known.set(key, memory);
    return memory;
  }

  /** Another process was sending it when it died: nobody can tell how far it came. */
  #wasElsewhere(mark: Mark | undefined): boolean {
    return mark?.state === 'sending' && mark.process !== this.#process;
  }

  /** Only what was decided from the latest state may be told to people, so this write must meet it. */
  #claim(instance: Instance, id: string, since: number): Promise<Instance> {
    const { resourceVersion } = instance.metadata;
    return this.#write(instance, { resourceVersion, annotations: this.#marked('sending', id, since) });
  }

  async #try(instance: Instance, notice: Notice, signal: AbortSignal): Promise<boolean> {
    const { post, events, log } = this.#options;
    const fields = { notice: notice.name, instance: instance.metadata.name, namespace: instance.metadata.namespace };
    try {
      const outcome = await post.deliver(notice, signal);
      log.info(outcome === 'delivered' ? 'Mail was sent' : 'Mail was refused for good', fields);
      if (outcome === 'delivered')
        events.record(instance, { type: 'Normal', reason: 'MailSent', message: `Mail was sent: ${notice.name}.` });
      else events.record(instance, { type: 'Warning', reason: 'MailRefused', message: `Mail was refused for good: ${notice.name}.` });
      return true;
    } catch (error) {
      log.warn('Mail was not sent and is tried again', { ...fields, error: messageOf(error) });
      events.record(instance, {
        type: 'Warning',
        reason: 'MailDelayed',
        message: `Mail could not be sent and is tried again: ${notice.name}.`,
      });
      return false;
    }
  }

  #mark(instance: Instance, id: string): Mark | undefined {
    const mark = readMark(instance.metadata.annotations?.[this.#options.annotation]);
    return mark?.id === id ? mark : undefined;
  }

  #marked(state: State, id: string, since: number): Record<string, string> {
    return { [this.#options.annotation]: [state, id, rfc3339(since), this.#process].join(' ') };
  }

  #write({ metadata: { name, namespace } }: Instance, metadata: object): Promise<Instance> {
    return this.#options.lab.client.patch(instances, name, namespace, { metadata });
  }
}

function readMark(text: string | undefined): Mark | undefined {
  const [state, id, since, process] = text?.split(' ') ?? [];
  if ((state !== 'queued' && state !== 'sending') || id === undefined || process === undefined) return undefined;
  return { state, id, since: timeOf(since) ?? 0, process };
}
