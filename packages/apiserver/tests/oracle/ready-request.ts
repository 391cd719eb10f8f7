import { isObject, type Json } from '../../src/json.ts';
import type { ReadyRequest } from './connection.ts';
import { textOf } from './json-text.ts';
import type { RecordedRequest } from './recorded-case.ts';
import type { Variables } from './variables.ts';

/** The recorded request with this run's values, as `METHOD /path` says; `token` unless the step has one of its own. */
export function readyRequest(step: RecordedRequest, line: string, variables: Variables, token: string): ReadyRequest {
  const [method = '', ...path] = variables.text(line).split(' ');
  const body = bodyOf(step, variables);
  return {
    method,
    path: path.join(' '),
    headers: headersOf(step, variables, { token, hasBody: body !== undefined }),
    ...(body === undefined ? {} : { body }),
    ...(step.timeout === undefined ? {} : { timeoutMs: step.timeout * 1000 }),
  };
}

function bodyOf({ raw, rawBase64, fill, body }: RecordedRequest, variables: Variables): Buffer | undefined {
  if (raw !== undefined) return Buffer.from(variables.text(raw));
  if (rawBase64 !== undefined) return Buffer.from(rawBase64, 'base64');
  if (fill) return Buffer.from(variables.text(fill.head ?? '') + fill.char.repeat(fill.times) + (fill.tail ?? ''));
  return body === undefined ? undefined : Buffer.from(JSON.stringify(variables.filled(body)));
}

function headersOf(step: RecordedRequest, variables: Variables, given: { token: string; hasBody: boolean }): Record<string, string> {
  const token = step.token === undefined ? given.token : variables.text(step.token);
  // The cases were recorded by this client; field managers are named after it.
  const headers: Record<string, string> = { 'user-agent': 'oracle/1.0', accept: 'application/json' };
  if (token !== '') headers['authorization'] = `Bearer ${token}`;
  Object.assign(headers, impersonation(variables.filled(step.as)));
  if (given.hasBody && !step.noContentType) headers['content-type'] = step.type ?? 'application/json';
  for (const [name, value] of Object.entries(variables.filled(step.headers ?? {}))) {
    if (value === null) delete headers[name.toLowerCase()];
    else headers[name.toLowerCase()] = textOf(value);
  }
  return headers;
}

function impersonation(as: Json | undefined): Record<string, unknown> {
  if (typeof as === 'string') return { 'impersonate-user': as };
  if (!isObject(as)) return {};
  const { user, groups, uid, extra } = as;
  return {
    ...(user ? { 'impersonate-user': user } : {}),
    ...(groups ? { 'impersonate-group': groups } : {}),
    ...(uid ? { 'impersonate-uid': uid } : {}),
    ...Object.fromEntries(Object.entries(isObject(extra) ? extra : {}).map(([key, value]) => [`impersonate-extra-${key}`, value])),
  };
}
