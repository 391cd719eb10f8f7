import { type Duplex, PassThrough, Writable } from 'node:stream';
import type { ObjectKey } from '@crownlabs/client';
import { type Clock, hasCode, LabError } from '@crownlabs/std';
import type { EnvironmentPod } from './environments.ts';
import type { Shell } from './shell.ts';

/** Opens the screen or the serial console of a machine through the API (`open` of `machineStreams`). */
export type OpenMachine = (machine: ObjectKey, stream: 'vnc' | 'console', signal: AbortSignal) => Promise<Duplex>;

const TRY_AGAIN_MS = 500;
const MOST_REMEMBERED = 64 * 1024;
const MOST_WAITING = 1024 * 1024;

const ESC = '\u001b';
const BELL = '\u0007';
/**
 * What asks the terminal something. Said again from memory, it would be answered again, and the answer typed at the prompt: device status
 * and attributes, colours, capabilities. https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */
const QUESTIONS = new RegExp(`${ESC}(?:\\[[?>=]?[\\d;]*[cn]|\\][\\d;]*;\\?(?:${BELL}|${ESC}\\\\)|P[+$]q[^${ESC}]*${ESC}\\\\|Z)`, 'g');

/** The serial consoles of machines. Each is one wire: whoever comes sees the same, what was said before included, and any may type. */
export class MachineConsoles {
  readonly #open: OpenMachine;
  readonly #clock: Clock;
  readonly #wires = new Map<string, Promise<Wire>>();

  constructor(open: OpenMachine, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** The console as soon as the machine has one, until `signal`; `patience` ends the waiting alone. */
  async join(pod: EnvironmentPod, signal: AbortSignal, patience: AbortSignal): Promise<Shell> {
    const waiting = AbortSignal.any([signal, patience]);
    for (;;) {
      waiting.throwIfAborted();
      const wire = await this.#wire(pod).catch((error: unknown) => {
        // A machine that is starting has no console yet.
        if (hasCode(error, 'NotFound', 'Conflict', 'ServiceUnavailable')) return undefined;
        throw error;
      });
      if (wire && !wire.over) return wire.join(signal);
      await this.#clock.sleep(TRY_AGAIN_MS, waiting);
    }
  }

  #wire(pod: EnvironmentPod): Promise<Wire> {
    const known = this.#wires.get(pod.uid);
    if (known) return known;
    const opened = this.#connect(pod);
    this.#wires.set(pod.uid, opened);
    opened.catch(() => this.#wires.delete(pod.uid));
    return opened;
  }

  async #connect({ uid, machine, gone }: EnvironmentPod): Promise<Wire> {
    if (!machine) throw new LabError('BadRequest', 'Only machines have a serial console.');
    return new Wire(await this.#open(machine, 'console', gone), () => this.#wires.delete(uid));
  }
}

/** One console and its readers. */
class Wire {
  readonly #stream: Duplex;
  readonly #readers = new Set<PassThrough>();
  readonly #ended = Promise.withResolvers<never>();
  #remembered: Buffer = Buffer.alloc(0);
  over = false;

  constructor(stream: Duplex, onOver: () => void) {
    this.#stream = stream;
    this.#ended.promise.catch(() => undefined);
    const end = () => {
      this.over = true;
      onOver();
      this.#ended.reject(new LabError('ServiceUnavailable', 'The machine closed its console.'));
      for (const reader of this.#readers) reader.end();
    };
    stream.on('data', (bytes: Buffer) => this.#said(bytes));
    stream.once('end', () => stream.destroy());
    stream.once('close', end);
    stream.on('error', () => undefined);
  }

  join(signal: AbortSignal): Shell {
    const stdout = new PassThrough();
    const leave = () => this.#leave(stdout);
    if (this.#remembered.length > 0) stdout.write(withoutQuestions(this.#remembered));
    this.#readers.add(stdout);
    signal.addEventListener('abort', leave, { once: true });
    const stdin = new Writable({
      write: (chunk: Buffer, _encoding, done) => void this.#stream.write(chunk, () => done()),
      final: (done) => {
        leave();
        done();
      },
    });
    // A wire has no size that anybody could change.
    return { stdin, stdout, resize: async () => undefined, exited: this.#ended.promise };
  }

  #said(bytes: Buffer): void {
    this.#remembered = Buffer.concat([this.#remembered, bytes]).subarray(-MOST_REMEMBERED);
    for (const reader of this.#readers) {
      reader.write(bytes);
      // A console does not wait for who cannot follow; he may come back and see the rest.
      if (reader.writableLength + reader.readableLength > MOST_WAITING) this.#leave(reader);
    }
  }

  #leave(reader: PassThrough): void {
    this.#readers.delete(reader);
    reader.end();
    if (this.#readers.size === 0) this.#stream.destroy();
  }
}

function withoutQuestions(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replaceAll(QUESTIONS, ''), 'latin1');
}
