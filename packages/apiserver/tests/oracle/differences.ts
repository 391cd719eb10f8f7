import { isObject, type Json } from '../../src/json.ts';

/** Stands for a field that must not be there. */
export const ABSENT = { $absent: true };

/** Whether the value stands for one that must not be there. */
export function isAbsent(value: Json | undefined): boolean {
  return isObject(value) && value['$absent'] === true && Object.keys(value).length === 1;
}

/** Every place where the two are not the same, a line each. */
export function differences(expected: Json | undefined, got: Json | undefined, place = ''): string[] {
  const found = isAbsent(got) ? undefined : got;
  if (isAbsent(expected) || expected === undefined) return found === undefined ? [] : [difference(place, undefined, found)];
  if (Array.isArray(expected) && Array.isArray(found) && expected.length === found.length) {
    return expected.flatMap((item, index) => differences(item, found[index], `${place}/${index}`));
  }
  if (isObject(expected) && isObject(found)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(found)]);
    return [...keys].flatMap((key) =>
      differences(expected[key], found[key], `${place}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    );
  }
  return expected === found ? [] : [difference(place, expected, found)];
}

/** One line that says what was expected where, and what came. */
export function difference(place: string, expected: Json | undefined, got: Json | undefined): string {
  return `${place || '/'}: expected ${brief(expected)}, got ${brief(got)}`;
}

/** The value in one line, cut where it is long. */
export function brief(value: Json | undefined): string {
  if (value === undefined) return '(absent)';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
