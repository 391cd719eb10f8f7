import type { LetterFacts, LetterName } from './letter.ts';

/** Facts for a preview of a mail. */
export function sampleFacts(name: LetterName, now: number): LetterFacts {
  const warning = name.endsWith('-warning');
  const remainingMs = 3 * 86_400_000;
  return {
    person: 'Ada Lovelace',
    environment: 'Brave Comet',
    template: 'Networking lab',
    instance: 'instance-p85f4',
    actAt: warning ? now + remainingMs : undefined,
    remainingMs: warning ? remainingMs : undefined,
    persistent: name !== 'inactivity-deleted',
    keepUrl: warning ? 'https://lab.example.org/keep/sample' : undefined,
    homeUrl: 'https://lab.example.org',
  };
}
