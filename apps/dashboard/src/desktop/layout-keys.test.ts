import { expect, test } from 'vitest';
import { keysymOf, typeText } from './keys.ts';
import { LayoutKeys } from './layout-keys.ts';
import { LAYOUTS, type LayoutName, strokesOf } from './layouts.ts';

/** A machine that hears places of keys, and in what order. */
function machine(layout: LayoutName | 'same') {
  const heard: string[] = [];
  const sink = { sendKey: (_keysym: number, code: string | null, down?: boolean) => void heard.push(`${down ? '+' : '-'}${code}`) };
  const keys = new LayoutKeys(sink, () => layout);
  return { heard, press: (character: string, code: string | null, down?: boolean) => keys.send(keysymOf(character), code, down), keys };
}

test.each(LAYOUTS)('on the keyboard %s everything can be written that a shell needs', (layout) => {
  const strokes = strokesOf(layout);
  const ascii = Array.from({ length: 0x7f - 0x20 }, (_, at) => String.fromCodePoint(0x20 + at));
  expect(ascii.filter((character) => !strokes.has(character))).toEqual([]);
  expect(new Set([...strokes.values()].map(({ code, shift, altGr }) => `${code} ${shift} ${altGr}`)).size).toBe(strokes.size);
});

test('a machine with the keyboard of the reader hears the keys as they are pressed', () => {
  const { heard, press } = machine('same');
  press('/', 'Digit7', true);
  press('/', 'Digit7', false);
  expect(heard).toEqual(['+Digit7', '-Digit7']);
});

test('what an Italian writes with Shift, an American keyboard writes without', () => {
  const { heard, press, keys } = machine('us');
  keys.send(0xffe1, 'ShiftLeft', true);
  press('/', 'Digit7', true);
  press('/', 'Digit7', false);
  keys.send(0xffe1, 'ShiftLeft', false);
  expect(heard).toEqual(['+ShiftLeft', '-ShiftLeft', '+Slash', '+ShiftLeft', '-Slash', '-ShiftLeft']);
});

test('what an American writes alone, an Italian keyboard writes with AltGr, and shortcuts stay what they are', () => {
  const { heard, press, keys } = machine('it');
  press('[', 'BracketLeft');
  keys.send(0xffe3, 'ControlLeft', true);
  press('c', 'KeyC');
  expect(heard).toEqual(['+AltRight', '+BracketLeft', '-AltRight', '-BracketLeft', '+ControlLeft', '+KeyC', '-KeyC']);
});

test('a text is typed on the keyboard of the machine, and a dead key is made to stand alone', async () => {
  const { heard, keys } = machine('de');
  await typeText({ sendKey: (keysym, code, down) => keys.send(keysym, code, down) }, 'y^');
  expect(heard).toEqual(['+KeyZ', '-KeyZ', '+Backquote', '-Backquote', '+Space', '-Space', '-Backquote']);
});
