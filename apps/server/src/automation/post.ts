import type { KeepTickets } from '@crownlabs/auth';
import { type Language, type LetterFacts, languageOf, type Mailer, renderLetter } from '@crownlabs/mail';
import type { Notice, Post } from '@crownlabs/operators';
import type { Clock } from '@crownlabs/std';

/** What a post is made of. */
export interface PostParts {
  readonly mailer: Pick<Mailer, 'send'>;
  readonly publicURL: string;
  /** For people who have chosen none. */
  readonly language: Language;
  readonly timeZone: string | undefined;
  /** Signs links to keep instances; without, mails have none. */
  readonly tickets: KeepTickets | undefined;
  readonly clock: Clock;
}

/** Brings notices to people by mail. */
export function createPost({ mailer, publicURL, language: usual, timeZone, tickets, clock }: PostParts): Post {
  return {
    deliver(notice, signal) {
      const language = languageOf(notice.to.language, usual);
      const letter = renderLetter(notice.name, factsOf(notice, { publicURL, tickets, clock }), { language, timeZone });
      const { namespace, name } = notice.instance;
      const to = { name: notice.to.name, address: notice.to.email };
      return mailer.send({ id: `${namespace}/${name}/${notice.id}`, to, ...letter, language }, signal);
    },
  };
}

function factsOf(
  { to, instance, actAt, persistent, keep }: Notice,
  { publicURL, tickets, clock }: Pick<PostParts, 'publicURL' | 'tickets' | 'clock'>,
): LetterFacts {
  return {
    person: to.name,
    environment: instance.prettyName,
    template: instance.template,
    instance: instance.name,
    actAt,
    remainingMs: actAt === undefined ? undefined : Math.max(0, actAt - clock.now()),
    persistent,
    keepUrl: keep && tickets ? `${publicURL}/keep/${tickets.sign(keep)}` : undefined,
    homeUrl: publicURL,
  };
}
