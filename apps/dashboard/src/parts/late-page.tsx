import { type ComponentType, lazy, useState } from 'react';
import { fetchPart } from '../wire/fetch-part.ts';

/** A page whose code is fetched when it is first wanted. */
export interface LatePage<P extends object> {
  readonly Page: ComponentType<P>;
  /** Fetches the code before the page is opened. A failure shows when it is. */
  readonly preload: () => void;
}

/**
 * Makes one. What was fetched before is drawn at once: `lazy` alone would show its fallback even then, and React keeps a fallback
 * that was once seen on the screen for a third of a second.
 */
export function latePage<P extends object>(fetchPage: () => Promise<ComponentType<P>>): LatePage<P> {
  let fetched: ComponentType<P> | undefined;
  const fetchOnce = async () => {
    fetched ??= await fetchPart(fetchPage);
    return { default: fetched };
  };
  const Lazy = lazy(fetchOnce);
  function Page(props: P) {
    // Decided once: a page that changed its component while it is open would begin anew.
    const [Chosen] = useState<ComponentType<P>>(() => fetched ?? Lazy);
    return <Chosen {...props} />;
  }
  return { Page, preload: () => void fetchOnce().catch(() => undefined) };
}
