import { type ComponentType, useEffect, useState } from 'react';
import { fetchPart } from '../wire/fetch-part.ts';
import { Waiting } from './waiting.tsx';

/** A page whose code is fetched when it is first wanted. */
export interface LatePage<P extends object> {
  readonly Page: ComponentType<P>;
  /** Fetches the code before the page is opened. A failure shows when it is. */
  readonly preload: () => void;
}

/**
 * Makes one. Not by `lazy`: it shows its fallback even for code that is there already, and React keeps a fallback that was once seen on
 * the screen for a third of a second.
 */
export function latePage<P extends object>(fetchPage: () => Promise<ComponentType<P>>): LatePage<P> {
  let fetched: ComponentType<P> | undefined;
  const fetchOnce = async () => {
    fetched ??= await fetchPart(fetchPage);
    return fetched;
  };
  function Page(props: P) {
    const [Found, setFound] = useState(() => fetched);
    const [failure, setFailure] = useState<{ error: unknown }>();
    useEffect(() => {
      if (!Found)
        fetchOnce().then(
          (page) => setFound(() => page),
          (error: unknown) => setFailure({ error }),
        );
    }, [Found]);
    // What surrounds the page shows it, as any error of a page.
    if (failure) throw failure.error;
    return Found ? <Found {...props} /> : <Waiting />;
  }
  return { Page, preload: () => void fetchOnce().catch(() => undefined) };
}
