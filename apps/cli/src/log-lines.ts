import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { paint } from './terminal.ts';

const LARGEST_FILE = 16 << 20;
const QUIET_FIELDS = new Set(['time', 'level', 'message', 'room', 'stack']);

/** Keeps the log lines of programs in a file each, two generations of at most 16 MiB. */
export class LogFiles {
  readonly #directory: string;
  readonly #files = new Map<string, { stream: WriteStream | undefined; bytes: number }>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Opens the files of `programs`; older, large ones are set aside. */
  async open(programs: readonly string[]): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    for (const program of programs) {
      const path = this.path(program);
      const bytes = await stat(path).then(
        ({ size }) => size,
        () => 0,
      );
      if (bytes > LARGEST_FILE / 2) await rename(path, `${path}.1`);
      this.#files.set(program, { stream: undefined, bytes: bytes > LARGEST_FILE / 2 ? 0 : bytes });
    }
  }

  path(program: string): string {
    return join(this.#directory, `${program}.log`);
  }

  write(program: string, line: string): void {
    const file = this.#files.get(program);
    // A runaway program must not fill the disk; the next start sets the file aside.
    if (!file || file.bytes > LARGEST_FILE) return;
    file.bytes += line.length + 1;
    file.stream ??= createWriteStream(this.path(program), { flags: 'a' }).on('error', () => {
      // A full disk costs lines of the log, never the product. The next line tries again.
      file.stream = undefined;
    });
    file.stream.write(`${line}\n`);
  }
}

/** A line of a program as people read it, or undefined when it is not worth their time. Lines that are not ours are passed through. */
export function readable(program: string, line: string): string | undefined {
  const parsed = parseLine(line);
  if (!parsed) return `${paint('dim', program.padEnd(8))} ${line}`;
  const { time, level, message } = parsed;
  if (level === 'debug') return undefined;
  const fields = Object.entries(parsed).flatMap(([key, value]) =>
    QUIET_FIELDS.has(key) || value === undefined ? [] : [`${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`],
  );
  const text = level === 'error' ? paint('red', message) : level === 'warn' ? paint('yellow', message) : message;
  return `${paint('dim', time.slice(11, 19))} ${paint('dim', (typeof parsed['room'] === 'string' ? parsed['room'] : program).padEnd(10))} ${text}${fields.length > 0 ? paint('dim', `  ${fields.join(' ')}`) : ''}`;
}

/** What went wrong, in the words of a program's log line; nothing where the line tells of no failure. */
export function troubleIn(line: string): string | undefined {
  const parsed = parseLine(line);
  if (parsed?.level !== 'error') return undefined;
  return typeof parsed['error'] === 'string' ? parsed['error'] : parsed.message;
}

/** What is said of a program that ended by itself. Before anybody was let in there is nothing open that could be affected. */
export function exitWords(program: string, how: string, { inMs, served }: { readonly inMs: number; readonly served: boolean }): string {
  const again = inMs > 0 ? ` in ${(inMs / 1000).toFixed(1)} s` : '';
  return `${program} ${how}; starting it again${again}.${served ? ' Open desktops are not affected.' : ''}`;
}

function parseLine(line: string): ({ time: string; level: string; message: string } & Record<string, unknown>) | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('time' in value && 'level' in value && 'message' in value)) return undefined;
    return { ...value, time: String(value.time), level: String(value.level), message: String(value.message) };
  } catch {
    return undefined;
  }
}
