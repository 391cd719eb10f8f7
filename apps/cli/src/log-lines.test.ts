import { expect, test } from 'vitest';
import { exitWords } from './log-lines.ts';

test('only where somebody was let in are desktops spoken of', () => {
  expect(exitWords('control', 'was ended by SIGKILL', { inMs: 0, served: true })).toBe(
    'control was ended by SIGKILL; starting it again. Open desktops are not affected.',
  );
  expect(exitWords('control', 'ended with code 1', { inMs: 1_340, served: false })).toBe(
    'control ended with code 1; starting it again in 1.3 s.',
  );
});
