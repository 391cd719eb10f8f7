import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../../json-read.ts';
import { label1035Problems, subdomainProblems } from '../../schema/index.ts';
import { AGE_TEXT, countColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import type { Strategy } from '../strategy.ts';
import { checkSelector } from '../workload/selector-check.ts';
import { checkOperationRules } from './operation-rules.ts';

const REVIEWS = ['v1', 'v1beta1'];

function defaultWebhook(webhook: JsonObject, mutating: boolean): void {
  fill(webhook, { failurePolicy: 'Fail', matchPolicy: 'Equivalent', timeoutSeconds: 10 });
  for (const selector of ['namespaceSelector', 'objectSelector']) part(webhook, selector);
  if (mutating) fill(webhook, { reinvocationPolicy: 'Never' });
  const service = objectAt(webhook, 'clientConfig', 'service');
  if (service) fill(service, { port: 443 });
  for (const rule of objectsAt(webhook, 'rules')) fill(rule, { scope: '*' });
}

/** The parts of a URL as they were given: the platform's parser would tidy them up. */
const URL_PARTS = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:([^@/]*)@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/;

function checkUrl(url: string, at: string, check: FieldCheck): void {
  const form = '; desired format: https://host[/path]';
  const [, scheme = '', user, host = '', , query, fragment] = URL_PARTS.exec(url) ?? [];
  if (scheme !== 'https') check.invalid(at, scheme, `'https' is the only allowed URL scheme${form}`);
  if (host === '') check.invalid(at, host, `host must be specified${form}`);
  if (user !== undefined) check.invalid(at, user, 'user information is not permitted in the URL');
  if (fragment) check.invalid(at, fragment, 'fragments are not permitted in the URL');
  if (query) check.invalid(at, query, 'query parameters are not permitted in the URL');
}

function checkServicePath(path: string, at: string, check: FieldCheck): void {
  if (path === '' || path === '/') return;
  if (!path.startsWith('/')) check.invalid(at, path, "must start with a '/'");
  // The first character is taken for the slash that it should be.
  const rest = path.slice(1).replace(/\/$/, '');
  for (const [index, segment] of rest.split('/').entries()) {
    if (segment === '') check.invalid(at, path, `segment[${index}] may not be empty`);
    else for (const problem of subdomainProblems(segment)) check.invalid(at, path, `segment[${index}]: ${problem}`);
  }
}

/** Where a webhook is: of a webhook configuration, or of a CustomResourceDefinition's conversion. */
export function checkClientConfig(config: JsonObject | undefined, at: string, check: FieldCheck): void {
  const service = objectAt(config, 'service');
  const url = config?.['url'];
  if ((url === undefined) === (service === undefined)) {
    check.required(at, undefined, 'exactly one of url or service is required');
    return;
  }
  if (typeof url === 'string') checkUrl(url, `${at}.url`, check);
  if (!service) return;
  check.required(`${at}.service.name`, textAt(service, 'name'));
  check.required(`${at}.service.namespace`, textAt(service, 'namespace'));
  const path = service['path'];
  if (typeof path === 'string') checkServicePath(path, `${at}.service.path`, check);
  const port = service['port'];
  if (typeof port !== 'number' || port < 1 || port > 65535) {
    check.invalid(`${at}.service.port`, port, 'port is not valid: must be between 1 and 65535, inclusive');
  }
}

function checkWebhook(webhook: JsonObject, at: string, check: FieldCheck): void {
  const name = textAt(webhook, 'name');
  if (check.required(`${at}.name`, name)) {
    if (name.split('.').length < 3) check.invalid(`${at}.name`, name, 'should be a domain with at least three segments separated by dots');
    else check.named(`${at}.name`, name, subdomainProblems);
  }
  const versions = textsAt(webhook, 'admissionReviewVersions');
  if (versions.length === 0) check.required(`${at}.admissionReviewVersions`, undefined, `must specify one of ${REVIEWS.join(', ')}`);
  else if (!versions.some((one) => REVIEWS.includes(one))) {
    check.invalid(`${at}.admissionReviewVersions`, versions, `must include at least one of ${REVIEWS.join(', ')}`);
  }
  for (const [index, version] of versions.entries()) {
    if (versions.indexOf(version) < index) check.invalid(`${at}.admissionReviewVersions[${index}]`, version, 'duplicate version');
    check.named(`${at}.admissionReviewVersions[${index}]`, version, label1035Problems);
  }
  checkOperationRules(objectsAt(webhook, 'rules'), `${at}.rules`, check);
  check.oneOf(`${at}.failurePolicy`, webhook['failurePolicy'], ['Fail', 'Ignore']);
  check.oneOf(`${at}.matchPolicy`, webhook['matchPolicy'], ['Equivalent', 'Exact']);
  check.oneOf(`${at}.reinvocationPolicy`, webhook['reinvocationPolicy'], ['IfNeeded', 'Never']);
  if (check.required(`${at}.sideEffects`, webhook['sideEffects'], 'must specify one of None, NoneOnDryRun')) {
    check.oneOf(`${at}.sideEffects`, webhook['sideEffects'], ['None', 'NoneOnDryRun']);
  }
  const timeout = webhook['timeoutSeconds'];
  if (typeof timeout === 'number' && (timeout < 1 || timeout > 30)) {
    check.invalid(`${at}.timeoutSeconds`, timeout, 'the timeout value must be between 1 and 30 seconds');
  }
  for (const selector of ['namespaceSelector', 'objectSelector']) checkSelector(objectAt(webhook, selector), `${at}.${selector}`, check);
  checkClientConfig(objectAt(webhook, 'clientConfig'), `${at}.clientConfig`, check);
}

function validate(configuration: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const webhooks = objectsAt(configuration, 'webhooks');
  for (const [index, webhook] of webhooks.entries()) checkWebhook(webhook, `webhooks[${index}]`, check);
  check.unique(
    webhooks.map((webhook) => textAt(webhook, 'name')),
    (index) => `webhooks[${index}].name`,
  );
  return check.errors;
}

function configuration(mutating: boolean): Strategy {
  return {
    defaults(object) {
      for (const webhook of objectsAt(object, 'webhooks')) defaultWebhook(webhook, mutating);
    },
    validate,
    columns: [NAME, countColumn('Webhooks', (object) => objectsAt(object, 'webhooks').length), AGE_TEXT],
  };
}

/** ValidatingWebhookConfigurations. */
export const validatingWebhooks = configuration(false);

/** MutatingWebhookConfigurations. */
export const mutatingWebhooks = configuration(true);
