import { expect, test } from 'vitest';
import { isLeaveChord, keysymOf, pressTogether, typeText } from './keys.ts';

function recorder() {
  const sent: [number, boolean | undefined][] = [];
  return { sent, sendKey: (keysym: number, _code: string | null, down?: boolean) => void sent.push([keysym, down]) };
}

test('a character becomes the keysym that any keyboard layout would give it', () => {
  expect(['a', 'è', '\n', '€', '😀'].map(keysymOf)).toEqual([0x61, 0xe8, 0xff0d, 0x010020ac, 0x0101f600]);
});

test('keys that are pressed together are released in reverse', () => {
  const sink = recorder();
  pressTogether(sink, ['Control', 'Alt', 't']);
  expect(sink.sent).toEqual([
    [0xffe3, true],
    [0xffe9, true],
    [0x74, true],
    [0x74, false],
    [0xffe9, false],
    [0xffe3, false],
  ]);
});

test('a text is typed in order, its line ends as one key each', async () => {
  const sink = recorder();
  await typeText(sink, 'a\r\nb');
  expect(sink.sent.map(([keysym]) => keysym)).toEqual([0x61, 0xff0d, 0x62]);
});

test('only the three modifiers together leave the desktop', () => {
  const held = { ctrlKey: true, altKey: true, shiftKey: true };
  expect(isLeaveChord({ ...held, key: 'Shift' })).toBe(true);
  expect(isLeaveChord({ ...held, key: 'T' })).toBe(false);
  expect(isLeaveChord({ ...held, altKey: false, key: 'Shift' })).toBe(false);
});
