import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { LabError } from '@crownlabs/std';
import { commandFailure, type HostCommand } from './host-command.ts';

type Shell = ChildProcessByStdio<Writable, Readable, Readable>;

const TIME_LIMIT_MS = 30_000;

/**
 * Runs programs of the host, one after another, through one shell that stays. A process of our size holds up its event loop for some 12 ms to
 * start a program, a shell needs 1 ms; and the first start of a person takes five. A program that hangs is ended with its shell, and the next one gets a new shell.
 */
export class HostShell {
  readonly #timeLimit: number;
  #shell: Shell | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(timeLimitMs = TIME_LIMIT_MS) {
    this.#timeLimit = timeLimitMs;
  }

  readonly run: HostCommand = (argv, input = '') => {
    const result = this.#turn.then(() => this.#ask(argv, input));
    this.#turn = result.catch(() => undefined);
    return result;
  };

  /** Lets what runs end, then ends the shell. A later command starts another. */
  async close(): Promise<void> {
    await this.#turn;
    this.#end();
  }

  async #ask(argv: readonly string[], input: string): Promise<string> {
    this.#shell ??= this.#start();
    const shell = this.#shell;
    const mark = randomUUID();
    const answers = Promise.all([until(shell.stdout, mark), until(shell.stderr, mark)]);
    const timer = setTimeout(() => this.#end(), this.#timeLimit);
    try {
      shell.stdin.write(script(argv, input, mark));
      const [stdout, stderr] = await answers;
      const code = Number(stdout.after);
      if (code !== 0) throw commandFailure(argv, code === 127 ? 'ENOENT' : undefined, stderr.before.trim() || `ended with ${code}`);
      return stdout.before;
    } catch (error) {
      if (error instanceof LabError) throw error;
      this.#end();
      throw commandFailure(argv, undefined, 'it was ended before it had answered', error);
    } finally {
      clearTimeout(timer);
    }
  }

  #start(): Shell {
    // A process group of its own, so that a program that hangs can be ended with it.
    const shell = spawn('/bin/sh', [], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    // A shell that has ended is told by its closed outputs.
    for (const part of [shell, shell.stdin]) part.on('error', () => undefined);
    shell.unref();
    return shell;
  }

  #end(): void {
    const shell = this.#shell;
    this.#shell = undefined;
    if (shell?.pid === undefined) return;
    try {
      process.kill(-shell.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
    for (const stream of [shell.stdin, shell.stdout, shell.stderr]) stream.destroy();
  }
}

/** What a shell runs for one command: the program with its input, then the mark on both outputs, with the exit code on the first. */
function script(argv: readonly string[], input: string, mark: string): string {
  const command = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const given = input === '' ? '</dev/null' : `<<'${mark}'\n${input.endsWith('\n') ? input : `${input}\n`}${mark}`;
  return `${command} ${given}\nprintf '%s %d\\n' ${mark} $?\necho ${mark} >&2\n`;
}

/** Reads until the line with the mark; what stands before and after it. Fails when the stream ends without. */
function until(stream: Readable, mark: string): Promise<{ before: string; after: string }> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      chunks.push(chunk);
      // The mark is the last line that is written, and may come in pieces.
      if (chunk.at(-1) !== 10) return;
      const text = Buffer.concat(chunks).toString();
      const at = text.lastIndexOf(mark);
      if (at >= 0) settle(() => resolve({ before: text.slice(0, at), after: text.slice(at + mark.length).trim() }));
    };
    const closed = () => settle(() => reject(new Error('the shell ended')));
    const settle = (done: () => void) => {
      stream.off('data', hear).off('close', closed);
      done();
    };
    stream.on('data', hear).once('close', closed);
  });
}
