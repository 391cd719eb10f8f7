const PAUSES_MS = [400, 1_600];

/** Code of the page that did not come: the line is down, or the server was renewed under an open page and has other code now. */
export class PartMissing extends Error {
  override readonly name = 'PartMissing';
}

/** Fetches code that comes later. A line that was down for a moment is tried again; what stays away is PartMissing. */
export async function fetchPart<T>(load: () => Promise<T>, pauses: readonly number[] = PAUSES_MS): Promise<T> {
  const [pause, ...later] = pauses;
  try {
    return await load();
  } catch (cause) {
    if (pause === undefined) throw new PartMissing('A part of the page could not be fetched.', { cause });
  }
  await new Promise((resolve) => setTimeout(resolve, pause));
  return fetchPart(load, later);
}
