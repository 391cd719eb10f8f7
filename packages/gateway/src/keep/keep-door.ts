import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Instance, type KeepGrant, keepRound } from '@crownlabs/api';
import type { KeepTickets, Person, UseReports } from '@crownlabs/auth';
import type { Informer } from '@crownlabs/client';
import { type Clock, LabError, type Logger } from '@crownlabs/std';
import type { Session } from '../session/sessions.ts';
import { type KeepSaying, keepPage, pageLanguage } from './keep-page.ts';

/** Parts of the door. */
export interface KeepDoorOptions {
  readonly tickets: KeepTickets;
  readonly uses: Pick<UseReports, 'keep'>;
  readonly instances: Pick<Informer<Instance>, 'get'>;
  readonly living: (person: Person) => Person | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

// A mail may be read late, and what was announced for yesterday may be due only now.
const GRACE_MS = 7 * 86_400_000;
const MOST_REMEMBERED = 1_000;

/**
 * `/keep/<ticket>`: the link of a mail. Opening it changes nothing, because programs open links as well; the button does. A link works once, since
 * what it keeps is then in another round; until the operators have written that down, this process remembers it.
 */
export class KeepDoor {
  readonly #options: KeepDoorOptions;
  readonly #kept = new Set<string>();

  constructor(options: KeepDoorOptions) {
    this.#options = options;
  }

  async serve(
    request: IncomingMessage,
    response: ServerResponse,
    { ticket, session }: { ticket: string; session: Session },
  ): Promise<void> {
    const person = this.#options.living(session.person);
    if (!person) throw new LabError('Unauthorized', 'Your account is gone.');
    const language = pageLanguage(request.headers['accept-language']);
    const grant = this.#options.tickets.open(ticket);
    const instance = grant && this.#instance(grant);
    const refusal = this.#refusal(grant, instance, person);
    if (refusal || !grant || !instance) return keepPage(response, refusal ?? 'gone', { name: nameOf(instance), language });
    if (request.method === 'POST') await this.#keep(grant, instance);
    keepPage(response, request.method === 'POST' ? 'kept' : 'ask', { name: nameOf(instance), language });
  }

  /** In this order: a stranger must not learn what exists. */
  #refusal(grant: KeepGrant | undefined, instance: Instance | undefined, person: Person): KeepSaying | undefined {
    if (!grant) return 'unreadable';
    if (grant.tenant !== person.name) return 'notYours';
    if (!instance) return 'gone';
    const late = this.#options.clock.now() > grant.until + GRACE_MS;
    return late || this.#kept.has(idOf(grant)) || keepRound(instance, grant.purpose) !== grant.round ? 'over' : undefined;
  }

  #instance({ name, namespace, uid }: KeepGrant): Instance | undefined {
    const found = this.#options.instances.get(name, namespace);
    return found?.metadata.uid === uid && found.metadata.deletionTimestamp === undefined ? found : undefined;
  }

  async #keep(grant: KeepGrant, instance: Instance): Promise<void> {
    const { uses, log } = this.#options;
    const id = idOf(grant);
    // Before the write: of two clicks at once one is enough.
    this.#kept.add(id);
    try {
      await uses.keep(instance, { fromExpiration: grant.purpose === 'expiring' });
    } catch (error) {
      this.#kept.delete(id);
      throw error;
    }
    log.info('Instance was kept by its owner', { person: grant.tenant, instance: grant.name, purpose: grant.purpose });
    for (const old of this.#kept) {
      if (this.#kept.size <= MOST_REMEMBERED) break;
      this.#kept.delete(old);
    }
  }
}

function idOf({ uid, purpose, round }: KeepGrant): string {
  return [uid, purpose, round].join('\n');
}

function nameOf(instance: Instance | undefined): string {
  return instance?.spec.prettyName ?? instance?.metadata.name ?? '';
}
