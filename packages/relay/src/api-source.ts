import type { KubeClient } from '@crownlabs/client';
import { isObject, objectOf, stringOf } from './json.ts';
import { type Description, describe } from './openapi.ts';

/** Reads the description of every version of `groups` that the API serves. */
export async function readDescription(client: KubeClient, groups: readonly string[]): Promise<Description> {
  const index = objectOf(objectOf(await client.raw('GET', '/openapi/v3'))['paths']);
  const wanted = Object.entries(index).filter(([place]) => groups.some((group) => place.startsWith(`apis/${group}/`)));
  // Groups in the order given: the first to use a name keeps it without a number.
  const rank = (place: string) => groups.findIndex((group) => place.startsWith(`apis/${group}/`));
  const sorted = wanted.toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? 1 : -1));
  const documents = await Promise.all(
    sorted.map(([place, entry]) =>
      client.raw('GET', (isObject(entry) ? stringOf(entry['serverRelativeURL']) : undefined) ?? `/openapi/v3/${place}`),
    ),
  );
  return describe(documents);
}
