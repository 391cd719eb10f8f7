import { setTimeout as sleep } from 'node:timers/promises';
import { isObject, type Json, type JsonObject } from '../../src/json.ts';
import { failedChecks, headerOf, unmet } from './checks.ts';
import type { Answer, Connection, OpenWatch, ReadyRequest } from './connection.ts';
import { ABSENT, brief, difference, differences } from './differences.ts';
import { textOf } from './json-text.ts';
import { Leftovers } from './leftovers.ts';
import { masked } from './masks.ts';
import { at, blank } from './pointer.ts';
import { readyRequest } from './ready-request.ts';
import type { Expected, Mask, Poll, RecordedCase, Step } from './recorded-case.ts';
import type { Variables } from './variables.ts';
import type { CaseWebhooks } from './webhook-receiver.ts';

/** What a case is run with. */
export interface CaseParts {
  readonly connection: Connection;
  readonly token: string;
  readonly variables: Variables;
  readonly webhooks: CaseWebhooks;
}

/** What came, in the form in which it is recorded. */
type Comparable = Pick<Expected, 'code' | 'headers' | 'body' | 'text' | 'fields'>;

/** One run of one case: performs its steps and says where an answer is not the recorded one. */
export class CaseRun {
  readonly #case: RecordedCase;
  readonly #connection: Connection;
  readonly #token: string;
  readonly #variables: Variables;
  readonly #webhooks: CaseWebhooks;
  readonly #watches = new Map<string, { opened: OpenWatch; taken: number }>();
  readonly #reviewed = new Map<string, number>();
  readonly #leftovers: Leftovers;

  constructor(recorded: RecordedCase, { connection, token, variables, webhooks }: CaseParts) {
    this.#case = recorded;
    this.#connection = connection;
    this.#token = token;
    this.#variables = variables;
    this.#webhooks = webhooks;
    this.#leftovers = new Leftovers(connection, token);
  }

  /** Performs one step; the differences, a line each. */
  async perform(step: Step): Promise<string[]> {
    if (step.sleep !== undefined) await sleep(step.sleep);
    else if (step.close !== undefined) this.#watches.get(step.close)?.opened.close();
    else if (step.watch !== undefined) return this.#watch(step, step.watch);
    else if (step.events !== undefined) return this.#events(step, step.events);
    else if (step.reviews !== undefined) return this.#reviews(step, step.reviews);
    else return this.#request(step);
    return [];
  }

  /** Closes what is open and deletes what was made. */
  async end(): Promise<void> {
    for (const { opened } of this.#watches.values()) opened.close();
    await this.#leftovers.clear();
  }

  async #request(step: Step): Promise<string[]> {
    const { answer, missing } = step.poll ? await this.#poll(step, step.poll) : { answer: await this.#send(step), missing: [] };
    this.#capture(step, answer);
    const pattern = new RegExp(this.#variables.text(step.textMatch ?? ''));
    return [
      ...missing,
      ...compared(step.expect ?? {}, this.#comparable(step, answer)),
      ...failedChecks(step.assert ?? [], this.#variables, { json: answer.json ?? answer.text, headers: answer.headers }),
      ...(pattern.test(answer.text) ? [] : [difference('text', pattern.source, answer.text)]),
    ];
  }

  #capture({ capture = {} }: Step, { headers, json }: Answer): void {
    for (const [name, pointer] of Object.entries(capture)) {
      if (typeof pointer !== 'string') continue;
      const value = pointer.startsWith('header:') ? headerOf(headers, pointer.slice('header:'.length)) : at(json, pointer);
      if (value !== undefined && value !== null) this.#variables.set(name, textOf(value));
    }
  }

  async #send(step: Step): Promise<Answer> {
    const ready = this.#ready(step, step.req ?? '');
    const answer = await this.#connection.send(ready);
    this.#leftovers.note(ready, answer);
    return answer;
  }

  async #poll(step: Step, poll: Poll): Promise<{ answer: Answer; missing: string[] }> {
    const { timeout = 30, every = 100, touch } = poll;
    const end = Date.now() + timeout * 1000;
    let touched = Date.now();
    for (let tick = 1; ; ) {
      const answer = await this.#send(step);
      const missing = this.#unmet(poll, answer);
      if (missing === undefined || Date.now() > end) return { answer, missing: missing === undefined ? [] : [`in time, ${missing}`] };
      if (touch && Date.now() - touched > (touch.every ?? 4000)) {
        touched = Date.now();
        this.#variables.set('tick', String(tick++));
        await this.#connection.send(this.#ready(touch, touch.req));
      }
      await sleep(every);
    }
  }

  #unmet({ code, until: wanted = {} }: Poll, answer: Answer): string | undefined {
    if (code !== undefined && answer.code !== code) return difference('code', code, answer.code);
    return unmet(this.#variables.filled(wanted), answer.json);
  }

  #ready(step: Parameters<typeof readyRequest>[0], line: string): ReadyRequest {
    return readyRequest(step, line, this.#variables, this.#token);
  }

  #comparable(step: Step, answer: Answer): Comparable {
    const headers = this.#headers(step, answer);
    const pointers = step.expect?.fields;
    const mode = step.mode ?? (pointers ? 'subset' : 'exact');
    if (mode === 'subset') return { code: answer.code, ...headers, fields: this.#fields(step, answer.json, Object.keys(pointers ?? {})) };
    if (mode === 'status') return { code: answer.code, ...headers };
    if (answer.json === undefined) return { code: answer.code, ...headers, text: textOf(this.#view(step, answer.text)) };
    const body = this.#view(step, answer.json) ?? null;
    for (const { path } of this.#masks(step)) if (path !== undefined) blank(body, path);
    return { code: answer.code, ...headers, body };
  }

  #headers(step: Step, { headers }: Pick<Answer, 'headers'>): { headers?: JsonObject } {
    if (!step.headersOf) return {};
    return { headers: Object.fromEntries(step.headersOf.map((name) => [name, this.#view(step, headerOf(headers, name)) ?? null])) };
  }

  #masks(step: Step): readonly Mask[] {
    return [...(this.#case.mask ?? []), ...(step.mask ?? [])];
  }

  /** The answer as it would have been recorded. */
  #view(step: Step, value: Json | undefined): Json | undefined {
    return masked(this.#variables.fold(value), { masks: this.#masks(step), managedFields: step.managedFields ?? false });
  }

  #fields(step: Step, value: Json | undefined, pointers: readonly string[]): JsonObject {
    const view = this.#view(step, value);
    return Object.fromEntries(
      pointers.map((pointer) => {
        const value = at(view, pointer);
        return [pointer, value === undefined ? ABSENT : value];
      }),
    );
  }

  async #watch(step: Step, name: string): Promise<string[]> {
    const opened = await this.#connection.watch(this.#ready(step, `GET ${step.get}`));
    this.#watches.set(name, { opened, taken: 0 });
    const refused = opened.code === 200 ? {} : { body: this.#view(step, refusalOf(opened.text)) ?? null };
    return compared(step.expect ?? {}, { code: opened.code, ...this.#headers(step, opened), ...refused });
  }

  async #events(step: Step, name: string): Promise<string[]> {
    const watch = this.#watches.get(name);
    if (!watch) return [`the watch ${name} is not open`];
    const { opened } = watch;
    const count = step.count ?? 0;
    const came = () => opened.events.slice(watch.taken).filter((event) => counts(step, event));
    await until(() => (step.ended ? opened.ended : came().length >= count), (step.timeout ?? 10) * 1000);
    if (!step.ended && !opened.ended) await sleep(step.quiet ?? 250);
    const events = came();
    watch.taken = opened.events.length;
    this.#captureFrom(step, events);
    return [
      ...events.flatMap(({ object }, index) =>
        failedChecks(step.assertAt?.[index] ?? [], this.#variables, { json: object, headers: opened.headers }),
      ),
      ...this.#compareEvents(step, events),
      ...(step.ended && !opened.ended ? ['the stream is still open'] : []),
    ];
  }

  #captureFrom({ capture = {} }: Step, events: readonly JsonObject[]): void {
    for (const [index, pointers] of Object.entries(capture)) {
      if (typeof pointers === 'string') continue;
      for (const [name, pointer] of Object.entries(pointers)) {
        this.#variables.set(name, textOf(at(events[Number(index)]?.['object'], pointer)));
      }
    }
  }

  #compareEvents(step: Step, events: readonly JsonObject[]): string[] {
    const expected = step.expect?.events ?? [];
    if (expected.length !== events.length) {
      const named = ({ type, object }: JsonObject) => `${textOf(type)} ${textOf(at(object, '/metadata/name'))}`;
      return [difference('events', expected.map(([type]) => type).join(', '), events.map(named).join(', '))];
    }
    return expected.flatMap(([type, recorded], index) => {
      const event = events[index];
      if (event?.['type'] !== type) return [difference(`events/${index}/type`, type, event?.['type'])];
      const pointers = Object.keys(recorded).filter((key) => key.startsWith('/'));
      const got = pointers.length > 0 ? this.#fields(step, event['object'], pointers) : this.#view(step, event['object']);
      return differences(recorded, got, `events/${index}`);
    });
  }

  async #reviews(step: Step, name: string): Promise<string[]> {
    const all = () => this.#webhooks.seen.get(name) ?? [];
    const from = this.#reviewed.get(name) ?? 0;
    const count = step.count ?? 0;
    await until(() => all().length - from >= Math.max(count, step.tail ?? 0), (step.timeout ?? 5) * 1000);
    const reviews = step.tail ? all().slice(-step.tail) : all().slice(from);
    this.#reviewed.set(name, all().length);
    if (reviews.length !== count) return [difference('number of reviews', count, `${reviews.length}: ${brief(reviews)}`)];
    return (step.expect?.reviews ?? []).flatMap((recorded, index) =>
      differences(recorded, this.#fields(step, reviews[index], Object.keys(recorded)), `reviews/${index}`),
    );
  }
}

function compared(expected: Expected, got: Comparable): string[] {
  return [
    ...differences(expected.code, got.code, 'code'),
    ...(expected.headers ? differences(expected.headers, got.headers, 'header') : []),
    ...(expected.fields ? differences(expected.fields, got.fields, 'field ') : []),
    ...('body' in expected ? differences(expected.body, got.body ?? got.text) : []),
    ...('text' in expected && expected.text !== got.text ? [difference('text', expected.text, got.text ?? got.body)] : []),
  ];
}

/** Bookmarks come when the server likes; only the one that ends the initial events is ever compared. */
function counts(step: Step, { type, object }: JsonObject): boolean {
  if (type !== 'BOOKMARK') return true;
  return step.bookmarks === true && at(object, '/metadata/annotations/k8s.io~1initial-events-end') !== undefined;
}

function refusalOf(text: string): Json {
  try {
    const json: unknown = JSON.parse(text);
    return isObject(json) ? json : text;
  } catch {
    return text;
  }
}

async function until(holds: () => boolean, withinMs: number): Promise<void> {
  const end = Date.now() + withinMs;
  while (!holds() && Date.now() < end) await sleep(20);
}
