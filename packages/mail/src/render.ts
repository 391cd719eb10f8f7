import { htmlPage } from './html-page.ts';
import { LANGUAGES, type Language, type LetterFacts, type LetterName, type Sentences, type Wording } from './letter.ts';
import { en } from './words/en.ts';
import { it } from './words/it.ts';

const WORDINGS: Readonly<Record<Language, Wording>> = { en, it };

/** A mail as it is sent. */
export interface RenderedLetter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** The language of ours that is meant: `it-IT` is `it`. */
export function languageOf(wanted: string | undefined, usual: Language): Language {
  const short = wanted?.slice(0, 2).toLowerCase();
  return LANGUAGES.find((language) => language === short) ?? usual;
}

/** How a mail is to be written. */
export interface RenderOptions {
  readonly language: Language;
  /** IANA name of the zone in which people read times. */
  readonly timeZone?: string | undefined;
}

/** Writes a mail, as plain text and as HTML that says the same. */
export function renderLetter(name: LetterName, facts: LetterFacts, { language, timeZone }: RenderOptions): RenderedLetter {
  const wording = WORDINGS[language];
  const known = oneLine(facts);
  const words = { when: whenText(facts.actAt, wording.locale, timeZone), left: leftText(facts.remainingMs ?? 0, wording.locale) };
  const sentences: Sentences = {
    greeting: wording.greeting(known.person),
    open: wording.open,
    reason: wording.reason(known),
    ...wording.letters[name](known, words),
  };
  const { subject } = sentences;
  return { subject, text: plainText(sentences, known), html: htmlPage(sentences, { ...known, language }) };
}

/** Names are people's: a line break in one would be another header, or another paragraph of ours. */
function oneLine(facts: LetterFacts): LetterFacts {
  const clean = (text: string) =>
    text
      .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029\s]+/gu, ' ')
      .trim()
      .slice(0, 120);
  return {
    ...facts,
    person: clean(facts.person),
    environment: clean(facts.environment),
    template: clean(facts.template),
    instance: clean(facts.instance),
  };
}

function plainText({ greeting, headline, paragraphs, keep, open, reason }: Sentences, { keepUrl, homeUrl }: LetterFacts): string {
  const button = keep && keepUrl ? [`${keep.button}:\n${keepUrl}\n(${keep.hint})`] : [];
  return `${[greeting, headline, ...paragraphs, ...button, `${open}: ${homeUrl}`, `--\n${reason}`].join('\n\n')}\n`;
}

function whenText(at: number | undefined, locale: string, timeZone: string | undefined): string {
  if (at === undefined) return '';
  const format = { dateStyle: 'full', timeStyle: 'short', ...(timeZone === undefined ? {} : { timeZone }) } as const;
  return new Intl.DateTimeFormat(locale, format).format(at);
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** How long that is, rounded to the unit that people would name. */
function leftText(ms: number, locale: string): string {
  const [unit, length] =
    UNITS.find(([, size]) => ms >= 2 * size * 0.999) ?? UNITS.find(([, size]) => ms >= size * 0.999) ?? (['minute', 60_000] as const);
  const count = Math.max(1, Math.round(ms / length));
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
}
