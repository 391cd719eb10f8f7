/** How a quantity was written, which decides how it is written again. */
type QuantityFormat = 'BinarySI' | 'DecimalSI' | 'DecimalExponent';

/**
 * An exact amount: `units` nano-units, so that no step of reading, adding or comparing rounds
 * (smaller fractions are rounded up when read, as Kubernetes does).
 */
export interface Quantity {
  readonly units: bigint;
  readonly format: QuantityFormat;
}

const NANO = 1_000_000_000n;
const FORM = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(|[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)$/;
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
/** Larger exponents than any real amount would only cost memory: 2^63 is below 10^19. */
const MAX_EXPONENT = 40;
const CAP = ((1n << 63n) - 1n) * NANO;

/** Why a text is no quantity, in the words of Kubernetes. */
export const QUANTITY_SYNTAX = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

function scaleOf(suffix: string): { base: bigint; power: number; format: QuantityFormat } {
  const binary = BINARY.indexOf(suffix);
  if (binary > 0) return { base: 1024n, power: binary, format: 'BinarySI' };
  const decimal = DECIMAL.indexOf(suffix);
  if (decimal >= 0) return { base: 10n, power: (decimal - 3) * 3, format: 'DecimalSI' };
  return { base: 10n, power: Number(suffix.slice(1)), format: 'DecimalExponent' };
}

function ceilDivide(amount: bigint, divisor: bigint): bigint {
  const quotient = amount / divisor;
  return amount % divisor === 0n ? quotient : quotient + 1n;
}

function clamp(units: bigint): bigint {
  if (units > CAP) return CAP;
  return units < -CAP ? -CAP : units;
}

// The same few amounts are written over and over.
const READ = new Map<string, Quantity>();
const REMEMBERED = 1000;

/** Reads a quantity, or tells with `undefined` that the text is none. */
export function parseQuantity(text: string): Quantity | undefined {
  const known = READ.get(text);
  if (known) return known;
  const read = readQuantity(text);
  if (READ.size >= REMEMBERED) READ.clear();
  if (read && text.length <= 20) READ.set(text, read);
  return read;
}

function readQuantity(text: string): Quantity | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  const { base, power, format } = scaleOf(suffix);
  const bounded = Math.max(-MAX_EXPONENT, Math.min(MAX_EXPONENT, power));
  const digits = BigInt(whole + fraction);
  const up = bounded > 0 ? base ** BigInt(bounded) : 1n;
  const down = 10n ** BigInt(fraction.length) * (bounded < 0 ? base ** BigInt(-bounded) : 1n);
  const magnitude = ceilDivide(digits * up * NANO, down);
  return { units: clamp(sign === '-' ? -magnitude : magnitude), format };
}

/** The quantity that a JSON number or string stands for. */
export function quantityOf(value: unknown): Quantity | undefined {
  if (typeof value === 'string') return parseQuantity(value);
  if (typeof value === 'bigint') return { units: clamp(value * NANO), format: 'DecimalSI' };
  if (typeof value !== 'number') return undefined;
  return Number.isSafeInteger(value) ? { units: BigInt(value) * NANO, format: 'DecimalSI' } : parseQuantity(String(value));
}

/** Negative, zero or positive, as for sorting. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  if (a.units === b.units) return 0;
  return a.units < b.units ? -1 : 1;
}

/** The sum, written in the first one's format; a zero takes the other's. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { units: clamp(a.units + b.units), format: a.units === 0n ? b.format : a.format };
}

/** The difference, written in the first one's format; a zero takes the other's. */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return { units: clamp(a.units - b.units), format: a.units === 0n ? b.format : a.format };
}

/** Whether the amount is whole. */
export function isWhole(quantity: Quantity): boolean {
  return quantity.units % NANO === 0n;
}

/** The amount rounded up to a whole number, as quota and scheduling count it. */
export function wholeUnits(quantity: Quantity): bigint {
  const { units } = quantity;
  return units >= 0n ? ceilDivide(units, NANO) : -(-units / NANO);
}

/** The nearest floating point number. */
export function approximately(quantity: Quantity): number {
  return isWhole(quantity) ? Number(quantity.units / NANO) : Number(quantity.units) / 1e9;
}

function formatBinary(units: bigint): string {
  let amount = units / NANO;
  let power = 0;
  while (amount % 1024n === 0n && power < BINARY.length - 1) {
    amount /= 1024n;
    power++;
  }
  return `${amount}${BINARY[power]}`;
}

function formatDecimal(units: bigint, exponent: boolean): string {
  let amount = units;
  let power = 0;
  while (amount % 1000n === 0n && power < DECIMAL.length - 1) {
    amount /= 1000n;
    power++;
  }
  if (!exponent) return `${amount}${DECIMAL[power]}`;
  return power === 3 ? `${amount}` : `${amount}e${(power - 3) * 3}`;
}

/** The canonical text: no fraction, the largest suffix that keeps it exact. */
export function formatQuantity(quantity: Quantity): string {
  const { units, format } = quantity;
  if (units === 0n) return '0';
  const magnitude = units < 0n ? -units : units;
  const binary = format === 'BinarySI' && isWhole(quantity) && magnitude >= 1024n * NANO;
  const text = binary ? formatBinary(magnitude) : formatDecimal(magnitude, format === 'DecimalExponent');
  return units < 0n ? `-${text}` : text;
}
