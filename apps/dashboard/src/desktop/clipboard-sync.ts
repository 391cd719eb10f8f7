import { useEffect } from 'react';
import { CLIPBOARD, usePreference } from '../parts/preferences.ts';
import type { DesktopLink } from './desktop-link.ts';

/** Whether this browser lets the page read the clipboard without asking each time. */
async function mayRead(): Promise<boolean> {
  try {
    // Not every browser knows this name; those that do not ask every time, which would be unbearable here.
    const status = await navigator.permissions.query({ name: 'clipboard-read' as PermissionName });
    return status.state === 'granted';
  } catch {
    return false;
  }
}

/** Asks for the right to read the clipboard, in answer to a click. */
export async function askToRead(): Promise<boolean> {
  try {
    await navigator.clipboard.readText();
    return true;
  } catch {
    return false;
  }
}

/** Keeps the two clipboards the same while the reader wants that: out when the desktop copies, in when the page gets the focus. */
export function useClipboardSync(link: DesktopLink | undefined, viewOnly: boolean): void {
  const wanted = usePreference(CLIPBOARD) === 'sync';
  useEffect(() => {
    if (!link || !wanted || viewOnly) return undefined;
    let last = '';
    const out = () => {
      const text = link.clipboard.get();
      if (text === '' || text === last || !document.hasFocus()) return;
      last = text;
      navigator.clipboard?.writeText(text).catch(() => undefined);
    };
    const into = async () => {
      if (!link.rfb || !(await mayRead())) return;
      const text = await navigator.clipboard.readText().catch(() => '');
      if (text === '' || text === last) return;
      last = text;
      link.rfb?.clipboardPasteFrom(text);
    };
    const onFocus = () => void into();
    const stop = link.clipboard.subscribe(out);
    const stopState = link.state.subscribe(onFocus);
    window.addEventListener('focus', onFocus);
    return () => {
      stop();
      stopState();
      window.removeEventListener('focus', onFocus);
    };
  }, [link, wanted, viewOnly]);
}
