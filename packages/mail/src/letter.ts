/** The languages of mails. */
export const LANGUAGES = ['en', 'it'] as const;
/** A language of mails. */
export type Language = (typeof LANGUAGES)[number];

/** The mails there are. Those with `warning` in their names come before something is done, the others after. */
export const LETTERS = [
  'inactivity-warning',
  'inactivity-stopped',
  'inactivity-deleted',
  'destruction-warning',
  'destruction',
  'expiration-warning',
  'expiration',
] as const;
/** A mail. */
export type LetterName = (typeof LETTERS)[number];

/** What a mail is about. */
export interface LetterFacts {
  /** Whom it is for, as people call them. */
  readonly person: string;
  /** The name of the environment that its owner gave it. */
  readonly environment: string;
  /** What it is a copy of. */
  readonly template: string;
  /** The name of the object, for whoever is asked for help. */
  readonly instance: string;
  /** When it will be done. */
  readonly actAt: number | undefined;
  /** Milliseconds until then. */
  readonly remainingMs: number | undefined;
  /** Whether a stop keeps the disk. */
  readonly persistent: boolean;
  /** Opens the page on which the environment can be kept. */
  readonly keepUrl: string | undefined;
  /** The product. */
  readonly homeUrl: string;
}

/** The sentences of a mail, in one language. */
export interface Sentences {
  readonly subject: string;
  readonly greeting: string;
  /** In a line: what happens. Shown large. */
  readonly headline: string;
  readonly paragraphs: readonly string[];
  /** The words of the button, where there is something to keep. */
  readonly keep?: { readonly button: string; readonly hint: string };
  readonly open: string;
  readonly reason: string;
}

/** Writes one mail in one language. */
export type Writer = (
  facts: LetterFacts,
  words: { readonly when: string; readonly left: string },
) => Omit<Sentences, 'greeting' | 'open' | 'reason'>;

/** All mails in one language, and what they have in common. */
export interface Wording {
  readonly locale: string;
  readonly greeting: (person: string) => string;
  readonly open: string;
  readonly reason: (facts: LetterFacts) => string;
  readonly letters: Readonly<Record<LetterName, Writer>>;
}
