import { LabError } from '@crownlabs/std';

/**
 * An amount of a resource, exact: Kubernetes' Quantity in units of 10⁻⁹. `binary` remembers that it was written in Ki, Mi, …,
 * so that it is written so again.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export interface Amount {
  readonly nano: bigint;
  readonly binary: boolean;
}

const NANO = 1_000_000_000n;
const DECIMAL = new Map([
  ['n', 1n],
  ['u', 1_000n],
  ['m', 1_000_000n],
  ['', NANO],
  ['k', NANO * 10n ** 3n],
  ['M', NANO * 10n ** 6n],
  ['G', NANO * 10n ** 9n],
  ['T', NANO * 10n ** 12n],
  ['P', NANO * 10n ** 15n],
  ['E', NANO * 10n ** 18n],
]);
const BINARY = new Map(['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((suffix, i) => [suffix, NANO * 1024n ** BigInt(i + 1)]));
const SHAPE = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?$/;

const MOST_ZEROS = 60;

/** Nothing. */
export const ZERO: Amount = { nano: 0n, binary: false };

/** Reads a quantity as people and the API write it. What lies below 10⁻⁹ is rounded up, as Kubernetes does. */
export function amount(value: string | number | bigint): Amount {
  const text = String(value).trim();
  const parts = SHAPE.exec(text);
  const [, sign = '', whole = '', fraction = '', suffix = ''] = parts ?? [];
  if (!parts || whole + fraction === '') throw new LabError('BadRequest', `${text} is no quantity: write for example 500m, 2 or 4Gi`);
  const { unit, divisor } = scaleOf(suffix);
  const digits = BigInt(whole + fraction) * unit;
  const below = 10n ** BigInt(fraction.length) * divisor;
  const size = (digits + below - 1n) / below;
  return { nano: sign === '-' ? -size : size, binary: BINARY.has(suffix) };
}

function scaleOf(suffix: string): { unit: bigint; divisor: bigint } {
  const unit = DECIMAL.get(suffix) ?? BINARY.get(suffix);
  if (unit !== undefined) return { unit, divisor: 1n };
  // Far beyond what there is of anything; to multiply it out would take for ever.
  const exponent = Math.max(-MOST_ZEROS, Math.min(MOST_ZEROS, Number(suffix.slice(1))));
  return exponent >= 0 ? { unit: NANO * 10n ** BigInt(exponent), divisor: 1n } : { unit: NANO, divisor: 10n ** BigInt(-exponent) };
}

/** The sum of amounts. */
export function sum(amounts: Iterable<Amount>): Amount {
  let total = ZERO;
  for (const one of amounts) total = { nano: total.nano + one.nano, binary: total.binary || one.binary };
  return total;
}

/** `a` less `b`; below zero where more was taken than there is. */
export function minus(a: Amount, b: Amount): Amount {
  return { nano: a.nano - b.nano, binary: a.binary || b.binary };
}

/** That many hundredths of an amount, rounded up to thousandths of its unit. */
export function percentOf(whole: Amount, percent: number): Amount {
  const milli = 1_000_000n;
  const exact = whole.nano * BigInt(Math.round(percent));
  return { nano: ((exact + 100n * milli - 1n) / (100n * milli)) * milli, binary: whole.binary };
}

/** Less than zero when `a` is less than `b`. */
export function compare(a: Amount, b: Amount): number {
  if (a.nano === b.nano) return 0;
  return a.nano < b.nano ? -1 : 1;
}

/** The lesser of two amounts. */
export function least(a: Amount, b: Amount): Amount {
  return compare(a, b) <= 0 ? a : b;
}

/** The canonical text, the one the API itself would print: the largest suffix that leaves a whole number. */
export function amountText({ nano, binary }: Amount): string {
  if (nano === 0n) return '0';
  const size = nano < 0n ? -nano : nano;
  const sign = nano < 0n ? '-' : '';
  const units = binary && size >= 1024n * NANO && size % NANO === 0n ? [['', NANO] as const, ...BINARY] : [...DECIMAL];
  const [suffix, unit] = units.findLast(([, one]) => size % one === 0n) ?? ['n', 1n];
  return `${sign}${size / unit}${suffix}`;
}

/** The amount as a number of whole units, for sums that need not be exact: bars and scores. */
export function amountNumber({ nano }: Amount): number {
  return Number(nano) / 1e9;
}

/** A number of cores as people read it: `2`, `1.5`. */
export function coresText(cpu: Amount): string {
  return decimals(amountNumber(cpu), 2);
}

/** Memory or disk as people read it, in powers of ten: `512 MB`, `7.5 GB`. */
export function bytesText(bytes: Amount): string {
  const value = amountNumber(bytes);
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const step = value < 1 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), units.length - 1);
  return `${decimals(value / 1000 ** step, step < 3 ? 0 : 1)} ${units[step]}`;
}

function decimals(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
