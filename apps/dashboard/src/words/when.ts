const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** How long ago a time was, in words: "3 minutes ago". */
export function ago(time: number, now: number, locale: string): string {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const seconds = Math.round((time - now) / 1000);
  for (const [unit, length] of UNITS) if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
  return format.format(0, 'second');
}

/** A time span of the API (`30m`, `2h`, `15d`) in words; nothing for `never`. */
export function spanText(span: string, locale: string): string | undefined {
  const [, count = '', unit = ''] = /^(\d+)([smhd])$/.exec(span) ?? [];
  const units = { s: 'second', m: 'minute', h: 'hour', d: 'day' } as const;
  if (unit !== 's' && unit !== 'm' && unit !== 'h' && unit !== 'd') return undefined;
  return new Intl.NumberFormat(locale, { style: 'unit', unit: units[unit], unitDisplay: 'long' }).format(Number(count));
}

/** Machine times inside a sentence of the API, as the reader's clock shows them: today's as the hour alone. */
export function localTimes(text: string, locale: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (found) => {
    const time = new Date(found);
    const today = time.toDateString() === new Date().toDateString();
    return new Intl.DateTimeFormat(locale, today ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' }).format(time);
  });
}
