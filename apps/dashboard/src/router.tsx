import type { AnchorHTMLAttributes, MouseEvent } from 'react';
import { Cell, useLive } from './wire/live.ts';

const place = new Cell(location.pathname);

window.addEventListener('popstate', () => place.set(location.pathname));

/** Goes to another page of ours without loading the document anew. */
export function navigate(path: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', path);
  else history.replaceState(null, '', path);
  place.set(location.pathname);
  window.scrollTo(0, 0);
}

/** The path of the page that is shown. */
export function usePath(): string {
  return useLive(place);
}

/** The parts of `path` where it matches `pattern` (`/desktop/:namespace/:name`), decoded. */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const parts = (text: string) => text.split('/').filter((part) => part !== '');
  const [wanted, given] = [parts(pattern), parts(path)];
  if (wanted.length !== given.length) return undefined;
  const found: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith(':')) found[part.slice(1)] = decode(value);
    else if (part !== value) return undefined;
  }
  return found;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A link to a page of ours: an ordinary one to the browser (new tab, copy, middle click), without a reload when simply clicked. */
export function Link({ href, onClick, children, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(href);
  };
  return (
    <a href={href} onClick={follow} {...rest}>
      {children}
    </a>
  );
}
