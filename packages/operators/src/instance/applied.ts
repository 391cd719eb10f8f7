import { createHash } from 'node:crypto';

/** Annotation of what runs: which wish it was started with. */
const APPLIED = 'lab.crownlabs.polito.it/applied';

interface Annotated {
  readonly metadata: { readonly annotations?: Record<string, string> };
}

/**
 * A wish with its own fingerprint on it. What runs keeps the wish that it was started with: by the fingerprint, an edit of the template,
 * which waits for the next start, is told from an edit by hand, which is undone.
 */
export function signed<T extends { spec?: unknown; metadata: object }>(wish: T): T {
  const annotations = { [APPLIED]: createHash('sha256').update(JSON.stringify(wish.spec)).digest('hex').slice(0, 16) };
  return { ...wish, metadata: { ...wish.metadata, annotations } };
}

/** Whether something was started with this very wish. */
export function startedWith(current: Annotated | undefined, wish: Annotated): boolean {
  return current?.metadata.annotations?.[APPLIED] === wish.metadata.annotations?.[APPLIED];
}
