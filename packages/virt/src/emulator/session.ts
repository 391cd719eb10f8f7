import { randomInt } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { LabError } from '@crownlabs/std';

/** Something that the emulator says by itself. https://www.qemu.org/docs/master/interop/qemu-qmp-ref.html */
export interface EmulatorEvent {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A line of JSON each way, as the emulator and the agent in a guest speak: questions are answered in their order, events come between. */
export class MonitorSession {
  readonly #stream: Duplex;
  readonly #heard: (event: EmulatorEvent) => void;
  readonly #waiting: Waiting[] = [];
  #rest = '';
  #agreeing: number | undefined;
  #ended = false;
  /** Resolves when the other side is gone. */
  readonly closed: Promise<void>;

  constructor(stream: Duplex, heard: (event: EmulatorEvent) => void = () => undefined) {
    this.#stream = stream;
    this.#heard = heard;
    stream.on('data', (chunk: Buffer) => this.#read(chunk.toString()));
    stream.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      const ended = () => {
        this.#end();
        resolve();
      };
      stream.once('close', ended).once('end', ended);
    });
  }

  /** Asks for something. What is refused is an InternalError in the emulator's words. */
  async execute(command: string, words: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#ended || this.#stream.destroyed) throw gone();
    const answer = new Promise<unknown>((resolve, reject) => void this.#waiting.push({ resolve, reject }));
    this.#stream.write(`${JSON.stringify({ execute: command, arguments: words })}\n`);
    return answer;
  }

  /**
   * Drops what answers questions of somebody before us: an agent in a guest has one line for all, and may be late. Resolves when it has heard us.
   * https://www.qemu.org/docs/master/interop/qemu-ga-ref.html (guest-sync)
   */
  async agree(): Promise<void> {
    const id = randomInt(2 ** 31);
    this.#agreeing = id;
    await this.execute('guest-sync', { id });
  }

  /** Hangs up. */
  close(): void {
    this.#stream.destroy();
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.#take(parsed(line));
  }

  #take(said: Said): void {
    if (this.#agreeing !== undefined) {
      if (said.return !== this.#agreeing) return;
      this.#agreeing = undefined;
    }
    if (said.event !== undefined) this.#heard({ event: said.event, ...(said.data ? { data: said.data } : {}) });
    else if (said.error) this.#waiting.shift()?.reject(new LabError('InternalError', said.error.desc ?? 'The emulator refuses.'));
    else if ('return' in said) this.#waiting.shift()?.resolve(said.return);
  }

  #end(): void {
    this.#ended = true;
    for (const { reject } of this.#waiting.splice(0)) reject(gone());
  }
}

interface Said {
  readonly event?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly desc?: string };
  readonly return?: unknown;
}

function parsed(line: string): Said {
  try {
    // The parse border: what is missing is not looked at.
    return JSON.parse(line) as Said;
  } catch {
    // What stands in the buffer of a serial line before the first answer.
    return {};
  }
}

function gone(): LabError {
  return new LabError('ServiceUnavailable', 'The emulator has ended.');
}

/** Speaks with the emulator behind a stream. */
export async function openMonitor(stream: Duplex, heard?: (event: EmulatorEvent) => void): Promise<MonitorSession> {
  const session = new MonitorSession(stream, heard);
  await session.execute('qmp_capabilities');
  return session;
}
