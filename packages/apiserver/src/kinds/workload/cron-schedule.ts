const MACROS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];
const NAMES: Readonly<Record<string, readonly string[]>> = {
  month: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  'day-of-week': ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
};
const FIELDS: readonly (readonly [name: string, least: number, most: number])[] = [
  ['minute', 0, 59],
  ['hour', 0, 23],
  ['day-of-month', 1, 31],
  ['month', 1, 12],
  ['day-of-week', 0, 6],
];

/** Why a text is no schedule of a CronJob; `undefined` for a good one. */
export function scheduleProblem(schedule: string): string | undefined {
  if (/^(?:CRON_)?TZ=/.test(schedule)) return 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
  if (schedule.startsWith('@')) {
    return MACROS.includes(schedule) || /^@every \d/.test(schedule) ? undefined : `unrecognized descriptor: ${schedule}`;
  }
  const fields = schedule.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== FIELDS.length) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  for (const [index, [name, least, most]] of FIELDS.entries()) {
    const problem = fieldProblem(fields[index] ?? '', { name, least, most });
    if (problem !== undefined) return problem;
  }
  return undefined;
}

interface Bounds {
  readonly name: string;
  readonly least: number;
  readonly most: number;
}

function fieldProblem(text: string, bounds: Bounds): string | undefined {
  for (const range of text.split(',')) {
    const [span = '', step, ...more] = range.split('/');
    if (more.length > 0) return `too many slashes: ${range}`;
    if (step !== undefined && /^0+$/.test(step)) return `step of range should be a positive number: ${range}`;
    if (step !== undefined && !/^[1-9]\d*$/.test(step)) return `failed to parse int from ${step}: ${range}`;
    const problem = spanProblem(span, range, bounds);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function spanProblem(span: string, range: string, bounds: Bounds): string | undefined {
  if (span === '*' || span === '?') return undefined;
  const ends = span.split('-');
  if (ends.length > 2) return `too many hyphens: ${range}`;
  const numbers = ends.map((end) => numberOf(end, bounds));
  const bad = ends.find((_, index) => numbers[index] === undefined);
  if (bad !== undefined) return `failed to parse int from ${bad}: ${range}`;
  const [first = 0, last = first] = numbers;
  if (first < bounds.least) return `beginning of range (${first}) below minimum (${bounds.least}): ${range}`;
  if (last > bounds.most) return `end of range (${last}) above maximum (${bounds.most}): ${range}`;
  return first > last ? `beginning of range (${first}) beyond end of range (${last}): ${range}` : undefined;
}

function numberOf(text: string, bounds: Bounds): number | undefined {
  const named = NAMES[bounds.name]?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + bounds.least;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
