/** X11 keysyms by name; printable characters have theirs by rule. https://www.x.org/releases/current/doc/xproto/x11protocol.html#keysym_encoding */
const KEYSYM = {
  Enter: 0xff0d,
  Tab: 0xff09,
  Backspace: 0xff08,
  Escape: 0xff1b,
  Control: 0xffe3,
  Alt: 0xffe9,
  Shift: 0xffe1,
  Super: 0xffeb,
  Print: 0xff61,
  F11: 0xffc8,
} as const;

/** A key that has no character. */
export type NamedKey = keyof typeof KEYSYM;

/** The keysym of a character: Latin-1 is itself, everything else is its code point above 0x01000000. */
export function keysymOf(character: string): number {
  if (character === '\n' || character === '\r') return KEYSYM.Enter;
  if (character === '\t') return KEYSYM.Tab;
  const point = character.codePointAt(0) ?? 0;
  const latin = (point >= 0x20 && point <= 0x7e) || (point >= 0xa0 && point <= 0xff);
  return latin ? point : 0x01000000 | point;
}

/** What sends keys. */
export interface KeySink {
  sendKey(keysym: number, code: string | null, down?: boolean): void;
}

/** Presses keys together, as in Alt+Tab, and releases them in reverse. A text of one character is that key. */
export function pressTogether(sink: KeySink, keys: readonly string[]): void {
  const keysyms = keys.map((key) => (isNamed(key) ? KEYSYM[key] : keysymOf(key)));
  for (const keysym of keysyms) sink.sendKey(keysym, null, true);
  for (const keysym of keysyms.toReversed()) sink.sendKey(keysym, null, false);
}

function isNamed(key: string): key is NamedKey {
  return key in KEYSYM;
}

const PACE_MS = 8;

/** Types a text key by key, slowly enough for installers and login screens, which drop what comes too fast. */
export async function typeText(sink: KeySink, text: string): Promise<void> {
  for (const character of text.replaceAll('\r\n', '\n')) {
    sink.sendKey(keysymOf(character), null);
    await new Promise((resolve) => void setTimeout(resolve, PACE_MS));
  }
}

/** Lets go of the modifiers, so that leaving the desktop by a chord leaves none of them pressed there. */
export function releaseModifiers(sink: KeySink): void {
  for (const key of ['Control', 'Alt', 'Shift', 'Super'] as const) sink.sendKey(KEYSYM[key], null, false);
}

/** Whether a key event is the chord that leaves the desktop: Ctrl, Alt and Shift, and nothing else. */
export function isLeaveChord(event: Pick<KeyboardEvent, 'ctrlKey' | 'altKey' | 'shiftKey' | 'key'>): boolean {
  return (
    event.ctrlKey &&
    event.altKey &&
    event.shiftKey &&
    (event.key === 'Control' || event.key === 'Alt' || event.key === 'Shift' || event.key === 'Meta')
  );
}
