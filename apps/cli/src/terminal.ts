import process from 'node:process';

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

// https://no-color.org: any value, even an empty one of a set variable, is respected by its presence with content.
const COLOURS = process.stderr.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';

/** Text in a colour, where the terminal has colours and the user did not refuse them. */
export function paint(style: keyof typeof CODES, text: string): string {
  return COLOURS ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;
}

/** A line for people. Goes to standard error: standard output belongs to results that scripts read. */
export function say(text = ''): void {
  process.stderr.write(`${text}\n`);
}

/** A step that takes time: shows what is being done, then how it went and how long it took. */
export async function step<T>(title: string, work: (update: (detail: string) => void) => Promise<T>): Promise<T> {
  const started = performance.now();
  const live = liveLine();
  live.show(`${paint('cyan', '…')} ${title}`);
  const seconds = () => paint('dim', `${((performance.now() - started) / 1000).toFixed(1)} s`);
  try {
    const result = await work((detail) => live.show(`${paint('cyan', '…')} ${title}: ${detail}`));
    live.end(`${paint('green', '✓')} ${title} ${seconds()}`);
    return result;
  } catch (error) {
    live.end(`${paint('red', '✗')} ${title} ${seconds()}`);
    throw error;
  }
}

/** One line that is written over on a terminal; elsewhere only its last state is printed. */
function liveLine(): { show(text: string): void; end(text: string): void } {
  if (!process.stderr.isTTY) return { show: () => undefined, end: say };
  const width = () => (process.stderr.columns ?? 80) + (COLOURS ? 9 : 0);
  return {
    show: (text) => process.stderr.write(`\r\u001b[K${text.slice(0, width() - 1)}`),
    end: (text) => process.stderr.write(`\r\u001b[K${text}\n`),
  };
}
