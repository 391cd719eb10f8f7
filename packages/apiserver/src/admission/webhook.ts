import type { JsonObject } from '../json.ts';
import { numberAt, objectAt, objectsAt, textAt, textsAt, valueAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';

/** One rule of a webhook or policy: which requests it is about. */
export interface MatchRule {
  readonly operations: readonly string[];
  readonly groups: readonly string[];
  readonly versions: readonly string[];
  readonly resources: readonly string[];
  readonly scope: string;
}

/** Where a webhook listens. */
export interface WebhookClient {
  readonly url: string | undefined;
  readonly service: { readonly namespace: string; readonly name: string; readonly path: string; readonly port: number } | undefined;
  /** PEM, or `''` for the system's own roots. */
  readonly caBundle: string;
}

/** One webhook of a configuration, as the requests need it. */
export interface Webhook {
  readonly configuration: string;
  readonly name: string;
  readonly rules: readonly MatchRule[];
  readonly client: WebhookClient;
  readonly ignoresFailure: boolean;
  readonly equivalent: boolean;
  readonly timeoutMs: number;
  readonly sideEffects: string;
  readonly namespaceSelector: JsonObject;
  readonly objectSelector: JsonObject;
  readonly conditions: readonly { readonly name: string; readonly expression: string }[];
  readonly reinvoked: boolean;
}

/** The webhooks of all configurations of one kind, in the order in which they are called; read again after each change. */
export interface WebhookList extends Disposable {
  all(): readonly Webhook[];
}

/** The webhooks of `plural` (`mutatingwebhookconfigurations` or `validatingwebhookconfigurations`). */
export function webhookList(reader: ObjectReader, plural: string): WebhookList {
  const kind = { group: 'admissionregistration.k8s.io', plural };
  let hooks: readonly Webhook[] | undefined;
  const stop = reader.onChange(kind, () => {
    hooks = undefined;
  });
  const byName = (a: JsonObject, b: JsonObject) => (textAt(a, 'metadata', 'name') < textAt(b, 'metadata', 'name') ? -1 : 1);
  return {
    all: () => {
      hooks ??= reader.list(kind).toSorted(byName).flatMap(readConfiguration);
      return hooks;
    },
    [Symbol.dispose]: stop,
  };
}

function readConfiguration(object: JsonObject): Webhook[] {
  const configuration = textAt(object, 'metadata', 'name');
  return objectsAt(object, 'webhooks').map((hook) => ({
    configuration,
    name: textAt(hook, 'name'),
    rules: objectsAt(hook, 'rules').map(readRule),
    client: readClient(objectAt(hook, 'clientConfig')),
    ignoresFailure: textAt(hook, 'failurePolicy') === 'Ignore',
    equivalent: textAt(hook, 'matchPolicy') !== 'Exact',
    timeoutMs: (numberAt(hook, 'timeoutSeconds') ?? 10) * 1000,
    sideEffects: textAt(hook, 'sideEffects'),
    namespaceSelector: objectAt(hook, 'namespaceSelector') ?? {},
    objectSelector: objectAt(hook, 'objectSelector') ?? {},
    conditions: objectsAt(hook, 'matchConditions').map((one) => ({ name: textAt(one, 'name'), expression: textAt(one, 'expression') })),
    reinvoked: textAt(hook, 'reinvocationPolicy') === 'IfNeeded',
  }));
}

/** A rule of a webhook configuration or of a policy. */
export function readRule(rule: JsonObject): MatchRule {
  return {
    operations: textsAt(rule, 'operations'),
    groups: textsAt(rule, 'apiGroups'),
    versions: textsAt(rule, 'apiVersions'),
    resources: textsAt(rule, 'resources'),
    scope: textAt(rule, 'scope') || '*',
  };
}

function readClient(config: JsonObject | undefined): WebhookClient {
  const service = objectAt(config, 'service');
  return {
    url: valueAt(config, 'url') === undefined ? undefined : textAt(config, 'url'),
    service: service && {
      namespace: textAt(service, 'namespace'),
      name: textAt(service, 'name'),
      path: textAt(service, 'path') || '/',
      port: numberAt(service, 'port') ?? 443,
    },
    caBundle: Buffer.from(textAt(config, 'caBundle'), 'base64').toString('utf8'),
  };
}
