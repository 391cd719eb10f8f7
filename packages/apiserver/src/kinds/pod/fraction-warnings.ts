import type { JsonObject } from '../../json.ts';
import { isWhole, quantityOf } from '../../schema/index.ts';

/** Bytes cannot be divided. */
export function fractions(
  amounts: JsonObject | undefined,
  at: string,
  names: readonly string[] = ['memory', 'ephemeral-storage'],
): string[] {
  return names.flatMap((name) => {
    const given = amounts?.[name];
    const quantity = quantityOf(given);
    return !quantity || isWhole(quantity)
      ? []
      : [`${at}[${name}]: fractional byte value ${JSON.stringify(given)} is invalid, must be an integer`];
  });
}
