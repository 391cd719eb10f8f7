import { createHash } from 'node:crypto';
import { type Person, personOf, reviewedUser } from '@crownlabs/auth';
import type { ReviewedAccess, ReviewedUser, Transport } from '@crownlabs/client';
import type { Clock } from '@crownlabs/std';
import { claimsOf } from './bearer.ts';
import { callApi } from './call.ts';
import { objectOf } from './json.ts';

/** What is asked of the API's authorizer. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly name?: string;
}

/** How long an answer may be believed. A refusal is forgotten sooner: rights often follow the object by some milliseconds. */
const BELIEVE_MS = { allowed: 3_000, denied: 500 };
const MOST_ANSWERS = 50_000;

interface Answer {
  readonly until: number;
  readonly allowed: Promise<boolean>;
}

/** What the reviews are asked with. */
export interface ReviewParts {
  readonly transportFor: (bearer: string) => Transport;
  /** The person as the living Tenant has it; `undefined` when the Tenant is gone. */
  readonly living: (person: Person) => Person | undefined;
  /** Asks for somebody else, as the relay itself. */
  readonly reviewOf: (user: ReviewedUser, access: ReviewedAccess) => Promise<boolean>;
  readonly clock: Clock;
}

/** Asks the API, as the caller, what the caller may do, and remembers the answer for a moment. */
export class AccessReviews {
  readonly #parts: ReviewParts;
  readonly #answers = new Map<string, Answer>();

  constructor(parts: ReviewParts) {
    this.#parts = parts;
  }

  async allowed(bearer: string, attributes: Attributes): Promise<boolean> {
    const now = this.#parts.clock.now();
    const living = this.#living(bearer);
    if (living === 'gone') return false;
    const key = keyOf(bearer, attributes, living);
    const known = this.#answers.get(key);
    if (known && known.until > now) return known.allowed;
    if (this.#answers.size >= MOST_ANSWERS) this.#answers.clear();
    const asked = this.#ask(bearer, attributes, living);
    this.#answers.set(key, { until: now + BELIEVE_MS.denied, allowed: asked });
    try {
      if (await asked) this.#answers.set(key, { until: now + BELIEVE_MS.allowed, allowed: asked });
      return await asked;
    } catch (error) {
      this.#answers.delete(key);
      throw error;
    }
  }

  /**
   * A token is some minutes old, the Tenant is not: who has left a workspace since is asked about without it. The claims are read
   * unproven, which is enough, because they can only take away from what the API grants to this very token.
   */
  #living(bearer: string): Person | 'gone' | undefined {
    const person = personOf(claimsOf(bearer));
    if (!person) return undefined;
    const living = this.#parts.living(person);
    if (!living) return 'gone';
    return living.groups.length === person.groups.length ? undefined : living;
  }

  async #ask(bearer: string, attributes: Attributes, living: Person | undefined): Promise<boolean> {
    if (!(await this.#askAsCaller(bearer, attributes))) return false;
    return !living || this.#parts.reviewOf(reviewedUser(living), attributes);
  }

  async #askAsCaller(bearer: string, attributes: Attributes): Promise<boolean> {
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: attributes } };
    const answer = await callApi(this.#parts.transportFor(bearer), {
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(review),
    });
    return objectOf(objectOf(answer)['status'])['allowed'] === true;
  }
}

function keyOf(bearer: string, asked: Attributes, living: Person | undefined): string {
  // The token itself is not kept: whoever reads this process's memory later should not find it here.
  const who = createHash('sha256').update(bearer).digest('base64');
  return [who, asked.verb, asked.group, asked.resource, asked.subresource, asked.namespace, asked.name, living?.groups.join(' ')].join(
    '\n',
  );
}
