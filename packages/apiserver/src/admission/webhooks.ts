import { hasCode, LabError, messageOf } from '@crownlabs/std';
import type { AdmissionCall } from '../call.ts';
import type { JsonObject } from '../json.ts';
import { textAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';
import type { Registry } from '../registry.ts';
import type { ResourceInfo } from '../resource.ts';
import { forbidden } from '../status-error.ts';
import type { Conditions } from './cel-condition.ts';
import { type Webhook, type WebhookList, webhookList } from './webhook.ts';
import { ask, failure, type WebhookTransport } from './webhook-call.ts';
import { matched } from './webhook-match.ts';
import { internal, patchedBy } from './webhook-patch.ts';
import { requestOf } from './webhook-review.ts';

/** What calling webhooks takes. */
export interface WebhookOptions {
  readonly reader: ObjectReader;
  readonly registry: Registry;
  readonly transport: WebhookTransport;
  readonly conditions: Conditions;
}

/** Calls the mutating webhooks; `rest` of the chain decides whether some are asked again. */
export interface MutatingWebhooks extends Disposable {
  /** Asks all that match, one after the other; in a second round, those that want to see what came after them. */
  run(call: AdmissionCall, first?: Round): Promise<Round>;
}

/** What came of asking the mutating webhooks. */
interface Round {
  readonly changed: boolean;
  /** Webhooks that want to be asked again, with the object as they left it. */
  readonly curious: ReadonlyMap<string, string>;
}

/** Webhooks that may change an object. */
export function mutatingWebhooks(options: WebhookOptions): MutatingWebhooks {
  const list = webhookList(options.reader, 'mutatingwebhookconfigurations');
  return {
    run: async (call, first) => {
      const curious = new Map<string, string>();
      let changed = false;
      for (const { hook, shown } of matching(list, options, call)) {
        const id = `${hook.configuration}/${hook.name}`;
        // Asked again only if others changed what it left behind.
        if (first && (!first.curious.has(id) || first.curious.get(id) === JSON.stringify(call.object))) continue;
        changed = (await mutate(options, hook, call, shown)) || changed;
        if (hook.reinvoked) curious.set(id, JSON.stringify(call.object));
      }
      return { changed, curious };
    },
    [Symbol.dispose]: () => list[Symbol.dispose](),
  };
}

/** Whether the webhook patched the object. */
async function mutate(options: WebhookOptions, hook: Webhook, call: AdmissionCall, shown: ResourceInfo): Promise<boolean> {
  const verdict = await ask(options.transport, hook, call, shown);
  if (!verdict?.patch || !call.object) return false;
  const document = shown === call.resource ? call.object : { ...(shown.convert?.(call.object) ?? call.object) };
  const patched = patchedBy(document, verdict.patch);
  call.object = shown === call.resource ? patched : (call.resource.convert?.(patched) ?? patched);
  demandSamePlace(call, call.object);
  readAgain(call, call.object);
  return true;
}

/** A webhook may change much of an object, but not where it is. */
function demandSamePlace({ resource, namespace }: AdmissionCall, object: JsonObject): void {
  if (!resource.namespaced || ['', namespace].includes(textAt(object, 'metadata', 'namespace'))) return;
  throw new LabError('BadRequest', 'the namespace of the provided object does not match the namespace sent on the request');
}

function readAgain({ resource }: AdmissionCall, object: JsonObject): void {
  try {
    resource.prune(object, () => undefined);
  } catch (error) {
    // What a webhook made of the object is not what the client did wrong.
    throw hasCode(error, 'BadRequest') ? internal(messageOf(error).replace(/^.*? cannot be handled as a \w+: /, '')) : error;
  }
  resource.applyDefaults(object);
}

/** Calls the validating webhooks. */
export interface ValidatingWebhooks extends Disposable {
  /** Asks all that match side by side; the first refusal in the order of the configurations counts. */
  run(call: AdmissionCall): Promise<void>;
}

/** Webhooks that only look. */
export function validatingWebhooks(options: WebhookOptions): ValidatingWebhooks {
  const list = webhookList(options.reader, 'validatingwebhookconfigurations');
  return {
    run: async (call) => {
      const asked = matching(list, options, call).map(({ hook, shown }) => validate(options, hook, call, shown));
      for (const result of await Promise.allSettled(asked)) if (result.status === 'rejected') throw result.reason;
    },
    [Symbol.dispose]: () => list[Symbol.dispose](),
  };
}

async function validate({ transport }: WebhookOptions, hook: Webhook, call: AdmissionCall, shown: ResourceInfo): Promise<void> {
  const verdict = await ask(transport, hook, call, shown);
  if (!verdict?.patch || hook.ignoresFailure) return;
  throw failure(hook.name, 'received invalid webhook response: validating webhook may not return response.patch');
}

function matching(list: WebhookList, options: WebhookOptions, call: AdmissionCall): { hook: Webhook; shown: ResourceInfo }[] {
  return list.all().flatMap((hook) => {
    const shown = matched(hook, call, options.registry, options.reader);
    return shown && meetsConditions(hook, call, shown, options) ? [{ hook, shown }] : [];
  });
}

/** All conditions must hold. One that is false decides even where another one fails. */
function meetsConditions(hook: Webhook, call: AdmissionCall, shown: ResourceInfo, options: WebhookOptions): boolean {
  if (hook.conditions.length === 0) return true;
  const request = requestOf(call, shown);
  const variables = { object: request['object'] ?? null, oldObject: request['oldObject'] ?? null, request };
  const problems: string[] = [];
  for (const { expression } of hook.conditions) {
    try {
      if (options.conditions.evaluate(expression, variables, call.user) !== true) return false;
    } catch (error) {
      problems.push(`expression '${expression}' resulted in error: ${messageOf(error)}`);
    }
  }
  if (problems.length === 0) return true;
  if (hook.ignoresFailure) return false;
  throw forbidden(call.resource, call.name, problems.length > 1 ? `[${problems.join(', ')}]` : problems.join());
}
