import { expect, test } from 'vitest';
import { en } from './en.ts';
import { it } from './it.ts';
import { ago, spanText } from './when.ts';

test('numbers take the form of their language', () => {
  expect([en.home.running(1), en.home.running(3)]).toEqual(['One environment is running.', '3 environments are running.']);
  expect([it.home.running(1), it.home.running(3)]).toEqual(['Un ambiente è acceso.', '3 ambienti sono accesi.']);
});

test('times are told as people tell them', () => {
  const now = Date.parse('2026-05-05T12:00:00Z');
  expect(ago(now - 20_000, now, 'en')).toBe('now');
  expect(ago(now - 3 * 3_600_000, now, 'it')).toBe('3 ore fa');
  expect([spanText('2h', 'en'), spanText('15d', 'it'), spanText('never', 'en')]).toEqual(['2 hours', '15 giorni', undefined]);
});
