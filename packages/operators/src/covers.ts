/**
 * Whether `actual` already holds everything that `desired` asks for. What desired does not mention may be anything: the API fills in
 * defaults. Lists must have the same length, because a default never adds an item.
 */
export function covers(actual: unknown, desired: unknown): boolean {
  if (desired === undefined) return true;
  if (Array.isArray(desired)) {
    return Array.isArray(actual) && actual.length === desired.length && desired.every((item, i) => covers(actual[i], item));
  }
  // The API leaves empty texts out.
  if (!isRecord(desired)) return actual === desired || (desired === '' && actual === undefined);
  // An empty object asks for nothing, and the API leaves some of them out.
  if (actual === undefined) return Object.keys(desired).length === 0;
  return isRecord(actual) && Object.entries(desired).every(([name, value]) => covers(actual[name], value));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
