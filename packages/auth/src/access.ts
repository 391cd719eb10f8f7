import { type ReviewedAccess, type ReviewedUser, type ReviewVerdict } from '@crownlabs/client';
import { type Clock, LabError, type Logger, messageOf } from '@crownlabs/std';
import { ACTIONS, type Action } from './actions.ts';
import { type Person, reviewedUser } from './person.ts';

/** Which Instance is meant. */
export interface InstanceKey {
  readonly namespace: string;
  readonly name: string;
}

/** Asks the API whether somebody may do something; `review` of the client room, bound to a client. */
export type Review = (user: ReviewedUser, access: ReviewedAccess) => Promise<ReviewVerdict>;

/** What changed, as narrowly as is known: rights in one namespace, or of one person; neither means anywhere. */
export interface Changed {
  readonly namespace?: string;
  readonly person?: string;
}

/** An open connection, which ends when its right does. */
export interface Held {
  /** The person as of now: a token may be renewed while the connection is open. `undefined` when signed out or removed. */
  readonly person: () => Person | undefined;
  readonly action: Action;
  readonly key: InstanceKey;
  /** Called once, when the right is gone. */
  readonly lost: () => void;
}

/** Who may do what, by asking the API; remembers a yes for a moment, a no never. */
export interface Access {
  may(person: Person, action: Action, key: InstanceKey): Promise<boolean>;
  /** Throws Forbidden with words for the person. */
  demand(person: Person, action: Action, key: InstanceKey): Promise<void>;
  /** Forgets answers that a change may have made wrong, and asks again for the connections that rest on them. */
  changed(what?: Changed): void;
  /** Watches over a connection until it is released. */
  hold(held: Held): Disposable;
}

/** Parts of an Access. */
export interface AccessOptions {
  readonly review: Review;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a yes is believed without asking again. */
  readonly rememberMs?: number;
}

interface Remembered {
  readonly answer: Promise<boolean>;
  readonly until: number;
  readonly namespace: string;
  readonly person: string;
}

const REMEMBER_MS = 1_500;
// Rights come in bursts (a Role and its binding, a whole class): one question after the burst is enough.
const SETTLE_MS = 100;
const TRY_AGAIN_MS = 2_000;
const MOST_REMEMBERED = 10_000;

/** An Access that asks through `review`. */
export function createAccess(options: AccessOptions): Access {
  return new ReviewedAccessTable(options);
}

class ReviewedAccessTable implements Access {
  readonly #review: Review;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #rememberMs: number;
  readonly #remembered = new Map<string, Remembered>();
  readonly #held = new Set<Held>();
  readonly #suspects = new Set<Held>();
  #settling = false;

  constructor({ review, clock, log, rememberMs = REMEMBER_MS }: AccessOptions) {
    this.#review = review;
    this.#clock = clock;
    this.#log = log;
    this.#rememberMs = rememberMs;
  }

  async may(person: Person, action: Action, key: InstanceKey): Promise<boolean> {
    const id = JSON.stringify([person.name, person.groups, action, key.namespace, key.name]);
    const known = this.#remembered.get(id);
    if (known && known.until > this.#clock.now()) return known.answer;
    const answer = this.#ask(person, action, key);
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    const entry = { answer, until: this.#clock.now() + this.#rememberMs, namespace: key.namespace, person: person.name };
    this.#remembered.set(id, entry);
    // Whoever was refused may be invited the next moment; a failed question is no answer at all.
    const forget = () => {
      if (this.#remembered.get(id) === entry) this.#remembered.delete(id);
    };
    answer.then((allowed) => allowed || forget(), forget);
    return answer;
  }

  async demand(person: Person, action: Action, key: InstanceKey): Promise<void> {
    if (await this.may(person, action, key)) return;
    throw new LabError('Forbidden', `${person.name} may not ${WORDS[action]} ${key.name}`);
  }

  changed({ namespace, person }: Changed = {}): void {
    const concerned = (subject: { namespace: string; person: string | undefined }) =>
      (namespace === undefined || subject.namespace === namespace) && (person === undefined || subject.person === person);
    for (const [id, entry] of this.#remembered) if (concerned(entry)) this.#remembered.delete(id);
    for (const held of this.#held) {
      if (concerned({ namespace: held.key.namespace, person: held.person()?.name ?? person })) this.#suspects.add(held);
    }
    if (this.#suspects.size > 0) this.#settle();
  }

  hold(held: Held): Disposable {
    this.#held.add(held);
    return {
      [Symbol.dispose]: () => {
        this.#held.delete(held);
        this.#suspects.delete(held);
      },
    };
  }

  #settle(afterMs = SETTLE_MS): void {
    if (this.#settling) return;
    this.#settling = true;
    void this.#clock.sleep(afterMs).then(() => {
      this.#settling = false;
      const suspects = [...this.#suspects];
      this.#suspects.clear();
      for (const held of suspects) void this.#askAgain(held);
    });
  }

  async #askAgain(held: Held): Promise<void> {
    const person = held.person();
    try {
      if (person && (await this.may(person, held.action, held.key))) return;
    } catch (error) {
      // The API is away, for example restarting: open desktops stream on, and are asked about once it is back.
      this.#log.debug('Right of an open connection could not be checked', { instance: held.key.name, error: messageOf(error) });
      if (this.#held.has(held)) this.#suspects.add(held);
      this.#settle(TRY_AGAIN_MS);
      return;
    }
    if (!this.#held.delete(held)) return;
    held.lost();
  }

  async #ask(person: Person, action: Action, { namespace, name }: InstanceKey): Promise<boolean> {
    const { allowed } = await this.#review(reviewedUser(person), { ...ACTIONS[action], version: 'v1alpha2', namespace, name });
    return allowed;
  }
}

const WORDS: Record<Action, string> = {
  view: 'see the desktop of',
  control: 'control',
  terminal: 'open a terminal in',
  web: 'open the web page of',
  power: 'start or stop',
};
