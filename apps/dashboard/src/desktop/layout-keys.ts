import { type KeySink, keysymOf } from './keys.ts';
import { type LayoutName, type Stroke, strokesOf } from './layouts.ts';

const SHIFT = { keysym: 0xffe1, code: 'ShiftLeft' };
const ALT_GR = { keysym: 0xfe03, code: 'AltRight' };
const MODIFIERS: Readonly<Record<number, 'shift' | 'altGr'>> = { 0xffe1: 'shift', 0xffe2: 'shift', 0xfe03: 'altGr', 0xff7e: 'altGr' };
const EURO = 0x20ac;

/** The character of a keysym that writes one. */
function characterOf(keysym: number): string | undefined {
  if (keysym >= 0x01000100 && keysym <= 0x0110ffff) return String.fromCodePoint(keysym - 0x01000000);
  if (keysym === EURO) return '€';
  return (keysym >= 0x20 && keysym <= 0x7e) || (keysym >= 0xa0 && keysym <= 0xff) ? String.fromCodePoint(keysym) : undefined;
}

/**
 * Presses the keys of a machine's keyboard. A hypervisor passes on places of keys, not characters, so what is written depends on the keyboard
 * that the machine thinks it has; where that is another one than the reader's, the character is looked up there.
 */
export class LayoutKeys {
  readonly #sink: KeySink;
  readonly #layout: () => LayoutName | 'same';
  readonly #held = { shift: false, altGr: false };
  /** What was pressed for a key of the reader's, so that the same is released. */
  readonly #pressed = new Map<string, Stroke>();

  constructor(sink: KeySink, layout: () => LayoutName | 'same') {
    this.#sink = sink;
    this.#layout = layout;
  }

  send(keysym: number, code: string | null, down?: boolean): void {
    if (down === undefined) {
      this.send(keysym, code, true);
      this.send(keysym, code, false);
      return;
    }
    const modifier = MODIFIERS[keysym];
    if (modifier) this.#held[modifier] = down;
    const key = code ?? String(keysym);
    const stroke = down ? this.#strokeFor(keysym) : this.#pressed.get(key);
    if (!stroke) return this.#sink.sendKey(keysym, code, down);
    if (down) {
      this.#pressed.set(key, stroke);
      return this.#press(keysym, stroke);
    }
    this.#pressed.delete(key);
    return this.#sink.sendKey(keysym, stroke.code, false);
  }

  #strokeFor(keysym: number): Stroke | undefined {
    const layout = this.#layout();
    const character = layout === 'same' ? undefined : characterOf(keysym);
    return layout === 'same' || character === undefined ? undefined : strokesOf(layout).get(character);
  }

  #press(keysym: number, stroke: Stroke): void {
    const changed = (
      [
        ['shift', SHIFT],
        ['altGr', ALT_GR],
      ] as const
    ).filter(([name]) => this.#held[name] !== stroke[name]);
    for (const [name, key] of changed) this.#sink.sendKey(key.keysym, key.code, stroke[name]);
    this.#sink.sendKey(keysym, stroke.code, true);
    for (const [name, key] of changed.toReversed()) this.#sink.sendKey(key.keysym, key.code, this.#held[name]);
    if (!stroke.dead) return;
    this.#sink.sendKey(keysym, stroke.code, false);
    for (const down of [true, false]) this.#sink.sendKey(keysymOf(' '), 'Space', down);
  }
}
