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

test('what the system says of an environment is said in the language of the reader, and what nobody knows stays', () => {
  const said = 'The disk could not be made from http://a/b.img: the server answers 404. Tell your teacher.';
  expect([en.said(said), it.said(said)]).toEqual([
    said,
    'Impossibile creare il disco da http://a/b.img: the server answers 404. Avvisa il docente.',
  ]);
  expect(it.said('The machine was shut down from inside. Stop it here, then start it again.')).toBe(
    'La macchina è stata spenta dall’interno. Fermala qui, poi avviala di nuovo.',
  );
  expect(it.said('The disk of the machine is being made: 41.20% are done. This is needed once.')).toBe(
    'Il disco della macchina è in preparazione: fatto il 41.20%. Serve una volta sola.',
  );
  expect(it.said('The machine is being started.')).toBe('Avvio in corso.');
  expect(it.said('Something new.')).toBe('Something new.');
});
