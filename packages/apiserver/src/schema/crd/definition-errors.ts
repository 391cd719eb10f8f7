import type { FieldError } from '../../field-error.ts';
import { isObject, type Json, type JsonObject } from '../../json.ts';
import { forbidden, invalid, notSupported, required } from '../field-message.ts';
import { isRequestUri } from '../formats.ts';
import { label1035Problems, subdomainProblems } from '../names.ts';
import { texts } from '../schema-node.ts';

const text = (value: Json | undefined) => (typeof value === 'string' ? value : '');
const object = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
const joined = (problems: readonly string[]) => problems.join(',');

/** What is wrong with a text that must be one of a list. */
export function choiceErrors(value: string, field: string, choices: readonly string[]): FieldError[] {
  if (value === '') return [required(field)];
  return choices.includes(value) ? [] : [notSupported(field, value, choices)];
}

/** What is wrong with the group. */
export function groupErrors(group: string): FieldError[] {
  if (group === '') return [required('spec.group')];
  const problems = subdomainProblems(group);
  if (problems.length > 0) return [invalid('spec.group', group, joined(problems))];
  return group.includes('.') ? [] : [invalid('spec.group', group, 'should be a domain with at least one dot')];
}

function labelErrors(value: string, field: string): FieldError[] {
  const problems = label1035Problems(value);
  return problems.length > 0 ? [invalid(field, value, joined(problems))] : [];
}

function kindErrors(value: string, field: string): FieldError[] {
  const problems = label1035Problems(value.toLowerCase());
  if (value === '' || problems.length === 0) return [];
  return [invalid(field, value, `may have mixed case, but should otherwise match: ${joined(problems)}`)];
}

/** What is wrong with the names; all four must be there after defaulting. */
export function nameErrors(names: JsonObject): FieldError[] {
  const at = (name: string) => `spec.names.${name}`;
  const value = (name: string) => text(names[name]);
  const missing = ['plural', 'singular', 'kind', 'listKind'].filter((name) => value(name) === '').map((name) => required(at(name)));
  const [kind, listKind] = [value('kind'), value('listKind')];
  return [
    ...missing,
    ...['plural', 'singular'].flatMap((name) => (value(name) === '' ? [] : labelErrors(value(name), at(name)))),
    ...kindErrors(kind, at('kind')),
    ...kindErrors(listKind, at('listKind')),
    ...(kind !== '' && kind === listKind ? [invalid(at('listKind'), listKind, 'kind and listKind may not be the same')] : []),
    ...['shortNames', 'categories'].flatMap((name) =>
      texts(names[name]).flatMap((item, index) => labelErrors(item, `${at(name)}[${index}]`)),
    ),
  ];
}

const WEBHOOK_ONLY = 'should not be set when strategy is not set to Webhook';

function reviewVersionErrors(versions: readonly string[], field: string): FieldError[] {
  if (versions.length === 0) return [required(field)];
  const errors = versions.flatMap((version, index) => {
    const repeated = versions.indexOf(version) < index ? [invalid(`${field}[${index}]`, version, 'duplicate version')] : [];
    return [...repeated, ...labelErrors(version, `${field}[${index}]`)];
  });
  if (errors.length > 0 || versions.includes('v1') || versions.includes('v1beta1')) return errors;
  return [invalid(field, [...versions], 'must include at least one of v1, v1beta1')];
}

function clientErrors(client: Json | undefined, field: string): FieldError[] {
  if (!isObject(client)) return [required(field, 'required when strategy is set to Webhook')];
  const { url, service } = client;
  if ((url === undefined) === (service === undefined)) return [required(field, 'exactly one of url or service is required')];
  if (url === undefined)
    return ['namespace', 'name'].filter((name) => text(object(service)[name]) === '').map((name) => required(`${field}.service.${name}`));
  const usable = isRequestUri(text(url)) && text(url).startsWith('https://');
  return usable ? [] : [invalid(`${field}.url`, text(url), "'https' is the only allowed URL scheme; desired format: https://host[/path]")];
}

/** What is wrong with the conversion between versions. */
export function conversionErrors(conversion: Json | undefined): FieldError[] {
  if (!isObject(conversion)) return [];
  const path = 'spec.conversion';
  const webhook = object(conversion['webhook']);
  const [client, versions] = [webhook['clientConfig'], texts(webhook['conversionReviewVersions'])];
  const errors = choiceErrors(text(conversion['strategy']), `${path}.strategy`, ['None', 'Webhook']);
  if (conversion['strategy'] !== 'Webhook') {
    if (client !== undefined) errors.push(forbidden(`${path}.webhookClientConfig`, WEBHOOK_ONLY));
    if (versions.length > 0) errors.push(forbidden(`${path}.conversionReviewVersions`, WEBHOOK_ONLY));
    return errors;
  }
  errors.push(...clientErrors(client, `${path}.webhookClientConfig`), ...reviewVersionErrors(versions, `${path}.conversionReviewVersions`));
  // Serving objects unconverted would lose people's data, so this is said before there are any.
  return errors.length > 0 ? errors : [forbidden(`${path}.strategy`, 'conversion webhooks are not supported by this API server')];
}

const APPROVAL = 'api-approved.kubernetes.io';
const ENHANCEMENT = 'see https://github.com/kubernetes/enhancements/pull/1111';

function approvalState(crd: JsonObject): 'missing' | 'bypassed' | 'approved' | 'invalid' {
  const annotation = text(object(object(crd['metadata'])['annotations'])[APPROVAL]);
  if (annotation === '') return 'missing';
  if (annotation.startsWith('unapproved')) return 'bypassed';
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/]/.test(annotation) ? 'approved' : 'invalid';
}

/** What is wrong with the approval that groups of Kubernetes' own domains need. */
export function approvalErrors(crd: JsonObject, old: JsonObject | undefined): FieldError[] {
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(text(object(crd['spec'])['group']))) return [];
  const state = approvalState(crd);
  if (old !== undefined && approvalState(old) === state) return [];
  const field = `metadata.annotations[${APPROVAL}]`;
  const needed = `protected groups must have approval annotation "${APPROVAL}"`;
  if (state === 'missing') return [required(field, `${needed}, ${ENHANCEMENT}`)];
  if (state !== 'invalid') return [];
  const given = text(object(object(crd['metadata'])['annotations'])[APPROVAL]);
  return [invalid(field, given, `${needed} with either a URL or a reason starting with "unapproved", ${ENHANCEMENT}`)];
}

/** What is wrong with the record of versions that objects were stored in. */
export function storedVersionErrors(stored: readonly string[], versions: readonly JsonObject[]): FieldError[] {
  const path = 'status.storedVersions';
  if (stored.length === 0) return [invalid(path, null, 'must have at least one stored version')];
  const names = new Set(versions.map((version) => text(version['name'])));
  const unrecorded = versions.filter((version) => version['storage'] === true && !stored.includes(text(version['name'])));
  const lost = stored.flatMap((name, index) => {
    if (names.has(name)) return [];
    const until = `until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    return [
      invalid(
        `${path}[${index}]`,
        name,
        `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions ${until}`,
      ),
    ];
  });
  return [...unrecorded.map((version) => invalid(path, [...stored], `must have the storage version ${text(version['name'])}`)), ...lost];
}
