import { expect, test } from 'vitest';
import { LANGUAGES, LETTERS } from './letter.ts';
import { languageOf, renderLetter } from './render.ts';
import { sampleFacts } from './samples.ts';

const NOW = Date.parse('2026-05-04T10:00:00Z');
const each = LETTERS.flatMap((name) => LANGUAGES.map((language) => [name, language] as const));

/** What a person sees of HTML. */
const seen = (html: string) =>
  html
    .replace(/<head>[\s\S]*<\/head>/, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/&#(\d+);/g, (_all, code) => String.fromCharCode(Number(code)))
    .replaceAll(/\s+/g, ' ');

test.each(each)('%s in %s says the same as text and as HTML, whole and without a gap', (name, language) => {
  const { subject, text, html } = renderLetter(name, sampleFacts(name, NOW), { language, timeZone: 'Europe/Rome' });
  expect(`${subject} ${text} ${html.replace(/<style>[\s\S]*<\/style>/, '')}`).not.toMatch(/undefined|NaN|\{|\bnull\b/);
  for (const paragraph of text.split('\n\n').filter((part) => !part.includes('http') && !part.startsWith('--'))) {
    expect(seen(html)).toContain(paragraph.replaceAll('\n', ' '));
  }
  expect(html).toContain(`<html lang="${language}">`);
  expect(subject).toContain('Brave Comet');
  if (name.endsWith('-warning')) expect(text).toContain('https://lab.example.org/keep/sample');
  else expect(text).not.toContain('/keep/');
});

test('a warning says when, in the zone of its readers, and how long that is', () => {
  const options = { timeZone: 'Europe/Rome' };
  const english = renderLetter('inactivity-warning', sampleFacts('inactivity-warning', NOW), { language: 'en', ...options });
  expect(english.subject).toBe('Brave Comet will be switched off in 3 days');
  expect(english.text).toMatch(/Thursday,? 7 May 2026 at 12:00/);
  const italian = renderLetter('inactivity-warning', sampleFacts('inactivity-warning', NOW), { language: 'it', ...options });
  expect(italian.subject).toBe('Brave Comet verrà spento tra 3 giorni');
  expect(italian.text).toContain('giovedì 7 maggio 2026');
});

test('what is left is named as people would', () => {
  const left = (remainingMs: number) =>
    renderLetter('destruction-warning', { ...sampleFacts('destruction-warning', NOW), remainingMs }, { language: 'en' }).subject;
  expect(left(24 * 3_600_000)).toContain('in 24 hours');
  expect(left(72 * 3_600_000)).toContain('in 3 days');
  expect(left(3_600_000)).toContain('in 60 minutes');
  expect(left(600_000)).toContain('in 10 minutes');
});

test('a name cannot become a header, a tag or a paragraph of ours', () => {
  const facts = { ...sampleFacts('expiration', NOW), environment: 'x\r\nBcc: all@example.org', person: '<img src=x onerror=alert(1)>' };
  const { subject, text, html } = renderLetter('expiration', facts, { language: 'en' });
  expect(subject).not.toMatch(/[\r\n]/);
  expect(text).toContain('The time of x Bcc: all@example.org is over');
  expect(html).not.toContain('<img');
});

test('a mail loads nothing from anywhere', () => {
  for (const [name, language] of each) {
    const { html } = renderLetter(name, sampleFacts(name, NOW), { language });
    expect(html).not.toMatch(/<(img|link|script|iframe)|url\(/);
  }
});

test('a language that we do not speak becomes the usual one', () => {
  expect([languageOf('it-IT', 'en'), languageOf('fr', 'en'), languageOf(undefined, 'it')]).toEqual(['it', 'en', 'it']);
});
