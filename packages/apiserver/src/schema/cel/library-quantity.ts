import {
  addQuantities,
  approximately,
  compareQuantities,
  formatQuantity,
  isWhole,
  parseQuantity,
  QUANTITY_SYNTAX,
  type Quantity,
  subtractQuantities,
  wholeUnits,
} from '../quantity.ts';
import { int, text } from './argument.ts';
import { fn, method, type Overload, traversal } from './function.ts';
import { BOOL, DOUBLE, INT, opaque, STRING } from './type.ts';
import { CelFailure, type Opaque, type Value } from './value.ts';

class QuantityValue implements Opaque {
  readonly opaque = 'kubernetes.Quantity';
  readonly quantity: Quantity;

  constructor(quantity: Quantity) {
    this.quantity = quantity;
  }

  equals(other: Opaque): boolean {
    return other instanceof QuantityValue && compareQuantities(this.quantity, other.quantity) === 0;
  }
}

const QUANTITY = opaque('kubernetes.Quantity');
const read = { cost: ([size]: readonly number[]) => traversal(size) };

function of(value: Value | undefined): Quantity {
  if (value instanceof QuantityValue) return value.quantity;
  throw new CelFailure('no such overload');
}

/** A quantity, or an int where one is added to a quantity. */
function amount(value: Value | undefined): Quantity {
  return typeof value === 'bigint' ? { units: int(value) * 1_000_000_000n, format: 'DecimalSI' } : of(value);
}

function parsed(source: string): QuantityValue {
  const quantity = parseQuantity(source);
  if (quantity === undefined) throw new CelFailure(QUANTITY_SYNTAX);
  return new QuantityValue(quantity);
}

function asInteger(quantity: Quantity): bigint {
  if (!isWhole(quantity)) throw new CelFailure('cannot convert value to integer');
  return wholeUnits(quantity);
}

const sign = ({ units }: Quantity): bigint => (units === 0n ? 0n : units < 0n ? -1n : 1n);

function comparison(name: string, holds: (order: number) => boolean): Overload {
  return method(name, [QUANTITY, QUANTITY], BOOL, ([a, b]) => holds(compareQuantities(of(a), of(b))));
}

/** Kubernetes quantities. */
export const QUANTITIES: readonly Overload[] = [
  fn('quantity', [STRING], QUANTITY, { run: ([source]) => parsed(text(source)), ...read }),
  fn('isQuantity', [STRING], BOOL, { run: ([source]) => parseQuantity(text(source)) !== undefined, ...read }),
  method('sign', [QUANTITY], INT, ([value]) => sign(of(value))),
  method('isInteger', [QUANTITY], BOOL, ([value]) => isWhole(of(value))),
  method('asInteger', [QUANTITY], INT, ([value]) => asInteger(of(value))),
  method('asApproximateFloat', [QUANTITY], DOUBLE, ([value]) => approximately(of(value))),
  method('compareTo', [QUANTITY, QUANTITY], INT, ([a, b]) => BigInt(compareQuantities(of(a), of(b)))),
  comparison('isGreaterThan', (order) => order > 0),
  comparison('isLessThan', (order) => order < 0),
  ...[QUANTITY, INT].flatMap((type) => [
    method('add', [QUANTITY, type], QUANTITY, ([a, b]) => new QuantityValue(addQuantities(of(a), amount(b)))),
    method('sub', [QUANTITY, type], QUANTITY, ([a, b]) => new QuantityValue(subtractQuantities(of(a), amount(b)))),
  ]),
  fn('string', [QUANTITY], STRING, { run: ([value]) => formatQuantity(of(value)), size: () => 32 }),
];
