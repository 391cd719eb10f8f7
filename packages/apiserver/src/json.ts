/** A decoded JSON value. Integers outside the safe range are bigint; every other number is a number. */
export type Json = null | boolean | number | bigint | string | Json[] | JsonObject;

/** A decoded JSON object. Made without a prototype where keys come from outside, so that `__proto__` is a key like any other. */
export interface JsonObject {
  [key: string]: Json | undefined;
}

/** Whether `value` is a JSON object: not null, not a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
