const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9})\d*)?(?:[Zz]|[+-]\d\d:\d\d)$/;

function read(text: string): { millis: number; fraction: string } | undefined {
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const millis = Date.parse(text.replace(',', '.').replace(/\.\d+/, ''));
  return Number.isNaN(millis) ? undefined : { millis, fraction: (match[7] ?? '').padEnd(6, '0').slice(0, 6) };
}

// Every write of an object reads its times again, and most were read a moment ago.
const wholeSeconds = new Map<string, string | undefined>();
const MOST_TIMES = 512;
const LONGEST_TIME = 40;

/** An RFC 3339 time as `Time` is written: UTC, whole seconds. */
export function wholeSecondTime(text: string): string | undefined {
  if (wholeSeconds.has(text)) return wholeSeconds.get(text);
  const time = read(text);
  const written = time && formatSeconds(time.millis);
  if (wholeSeconds.size >= MOST_TIMES) wholeSeconds.clear();
  if (text.length <= LONGEST_TIME) wholeSeconds.set(text, written);
  return written;
}

/** An RFC 3339 time as `MicroTime` is written: UTC, always six decimals, which it must have already. */
export function microTime(text: string): string | undefined {
  const time = /[.,]\d{6}(?!\d)/.test(text) ? read(text) : undefined;
  return time && formatSeconds(time.millis).replace('Z', `.${time.fraction}Z`);
}

/** Milliseconds as `Time` is written. */
export function formatSeconds(millis: number): string {
  return `${new Date(millis).toISOString().slice(0, 19)}Z`;
}
