const PATIENCE_MS = 2_000;

/** Does `work` when the page has nothing better to do; returns how to call it off. */
export function whenIdle(work: () => void): () => void {
  // Safari has no such moments.
  if (!('requestIdleCallback' in window)) {
    const timer = setTimeout(work, PATIENCE_MS);
    return () => clearTimeout(timer);
  }
  const id = requestIdleCallback(work, { timeout: PATIENCE_MS });
  return () => cancelIdleCallback(id);
}
