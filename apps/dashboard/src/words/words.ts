import { fetchPart } from '../wire/fetch-part.ts';
import { Cell, useLive } from '../wire/live.ts';
import { en } from './en.ts';

type Loosened<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: Loosened<T[K]> };

/** What every language must say. */
export type Words = Loosened<typeof en>;

/** The languages there are, and how to get one. English is always at hand; others come when they are asked for. */
const LANGUAGES: Readonly<Record<string, () => Promise<Words>>> = {
  en: () => Promise.resolve(en),
  it: () => fetchPart(() => import('./it.ts')).then((module) => module.it),
};

/** Codes and own names of the languages. */
export const LANGUAGE_NAMES = [
  ['en', 'English'],
  ['it', 'Italiano'],
] as const;

const KEY = 'crownlabs.language';
const current = new Cell<Words>(en);

/** The language that was chosen, or else the browser's first that we have. */
function wanted(): string {
  const chosen = localStorage.getItem(KEY);
  const codes = [chosen ?? '', ...navigator.languages].map((code) => code.split('-', 1)[0] ?? '');
  return codes.find((code) => code in LANGUAGES) ?? 'en';
}

/** Loads the wanted language; resolves when the page may speak. */
export async function loadWords(code: string = wanted()): Promise<void> {
  const words = await (LANGUAGES[code] ?? (() => Promise.resolve(en)))();
  document.documentElement.lang = words.locale;
  current.set(words);
}

/** Speaks another language from now on, also after a reload. */
export async function chooseLanguage(code: string): Promise<void> {
  localStorage.setItem(KEY, code);
  await loadWords(code);
}

/** What to say, in the language of the reader. */
export function useWords(): Words {
  return useLive(current);
}

/** The same for what is no component. */
export function wordsNow(): Words {
  return current.get();
}
