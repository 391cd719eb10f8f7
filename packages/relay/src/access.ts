import { createHash } from 'node:crypto';
import type { Transport } from '@crownlabs/client';
import type { Clock } from '@crownlabs/std';
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

/** Asks the API, as the caller, what the caller may do, and remembers the answer for a moment. */
export class AccessReviews {
  readonly #transportFor: (bearer: string) => Transport;
  readonly #clock: Clock;
  readonly #answers = new Map<string, Answer>();

  constructor(transportFor: (bearer: string) => Transport, clock: Clock) {
    this.#transportFor = transportFor;
    this.#clock = clock;
  }

  async allowed(bearer: string, attributes: Attributes): Promise<boolean> {
    const now = this.#clock.now();
    const key = keyOf(bearer, attributes);
    const known = this.#answers.get(key);
    if (known && known.until > now) return known.allowed;
    if (this.#answers.size >= MOST_ANSWERS) this.#answers.clear();
    const asked = this.#ask(bearer, attributes);
    this.#answers.set(key, { until: now + BELIEVE_MS.denied, allowed: asked });
    try {
      if (await asked) this.#answers.set(key, { until: now + BELIEVE_MS.allowed, allowed: asked });
      return await asked;
    } catch (error) {
      this.#answers.delete(key);
      throw error;
    }
  }

  async #ask(bearer: string, attributes: Attributes): Promise<boolean> {
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: attributes } };
    const answer = await callApi(this.#transportFor(bearer), {
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(review),
    });
    return objectOf(objectOf(answer)['status'])['allowed'] === true;
  }
}

function keyOf(bearer: string, asked: Attributes): string {
  // The token itself is not kept: whoever reads this process's memory later should not find it here.
  const who = createHash('sha256').update(bearer).digest('base64');
  return [who, asked.verb, asked.group, asked.resource, asked.subresource, asked.namespace, asked.name].join('\n');
}
