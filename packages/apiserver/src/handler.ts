import { randomUUID } from 'node:crypto';
import { LabError, messageOf } from '@crownlabs/std';
import { ANONYMOUS, impersonate, UNAUTHENTICATED } from './authn/index.ts';
import { refusal } from './authz/index.ts';
import { demandCustomFormat, errorFormat, type Format } from './codec/negotiate.ts';
import type { Answer, Handler, Incoming, WholeAnswer } from './exchange.ts';
import { InFlight } from './in-flight.ts';
import { notServed, unknownResource } from './not-served.ts';
import type { Paths } from './paths.ts';
import type { Api, Call, ResourceCall } from './pipeline.ts';
import { readTarget } from './request-attributes.ts';
import { elsewhere, type Routes } from './routes.ts';
import { pathSegmentProblems } from './schema/index.ts';
import { forbidden, httpStatusOf, notFound, StatusError, toStatus } from './status-error.ts';
import type { UserInfo } from './user.ts';
import { formatted } from './verbs/answer.ts';
import { accepted } from './verbs/view.ts';
import { Warnings } from './warnings.ts';

/** The pipeline: who asks, may he, what is it, do it. Every failure becomes a Status. */
export function createHandler(api: Api, routes: Routes, paths: Paths): Handler {
  const inFlight = new InFlight();
  return async (incoming) => {
    const warnings = new Warnings();
    return withHeaders(await respond({ api, routes, paths, inFlight }, incoming, warnings), incoming, warnings);
  };
}

interface Served {
  readonly api: Api;
  readonly routes: Routes;
  readonly paths: Paths;
  readonly inFlight: InFlight;
}

/** A call that passed authentication and authorization. */
export async function admitCall(api: Api, incoming: Incoming, warnings: Warnings): Promise<Call> {
  const { path, query } = splitUrl(incoming.url);
  demandTimeout(query);
  const { attributes, rest, named } = readTarget(incoming.method, path, query);
  const user = await identify(api, incoming);
  const decision = await api.authorizer.authorize(attributes, user);
  if (!decision.allowed) {
    const { resourceRequest, group, resource, name } = attributes;
    const why = escaped(refusal(attributes, user, decision));
    if (!resourceRequest) throw new StatusError('Forbidden', `forbidden: ${why}`, { details: {} });
    throw forbidden({ group, plural: resource, kind: '' }, name, why);
  }
  return { incoming, query, attributes, rest, named, user, warnings };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

async function identify(api: Api, incoming: Incoming): Promise<UserInfo> {
  const known = incoming.user ?? (await api.authenticate(incoming.headers, incoming.peer));
  const user = known ?? { username: ANONYMOUS, groups: [UNAUTHENTICATED] };
  return impersonate(incoming.headers, user, api.authorizer);
}

async function respond({ api, routes, paths, inFlight }: Served, incoming: Incoming, warnings: Warnings): Promise<Answer> {
  let admitted = false;
  try {
    const call = await admitCall(api, incoming, warnings);
    admitted = true;
    if (!call.attributes.resourceRequest) return await paths.answer(call);
    // Rooms of the house are trusted to pace themselves.
    if (incoming.user) return await dispatch(api, routes, paths, call);
    inFlight.enter(call.user.username);
    try {
      return await dispatch(api, routes, paths, call);
    } finally {
      inFlight.leave(call.user.username);
    }
  } catch (error) {
    const answer = failure(api, error, formatOfErrors(api, incoming));
    return admitted || answer.status === 401 ? answer : { ...answer, headers: { ...answer.headers, ...NO_SNIFFING } };
  }
}

/** Only who is refused at the door hears his own words again, and only that answer says that they are no page. */
const NO_SNIFFING = { 'x-content-type-options': 'nosniff' };

/** Errors are told as answers would be, so never in protobuf of custom resources. */
function formatOfErrors(api: Api, { headers, method, url }: Incoming): Format {
  return errorFormat(headers['accept'], () => {
    const { path, query } = splitUrl(url);
    const { resourceRequest, group, version, resource } = readTarget(method, path, query).attributes;
    return resourceRequest && api.registry.find(group, version, resource)?.custom === true;
  });
}

async function dispatch(api: Api, routes: Routes, paths: Paths, call: Call): Promise<Answer> {
  const { group, version, resource, name } = call.attributes;
  const local = paths.local(call);
  if (local) return local;
  const info = api.registry.find(group, version, resource);
  if (!info) {
    if (group === '' && !call.attributes.resourceRequest) return notServed();
    if (api.registry.all().some((one) => one.group === group && !one.custom)) throw unknownResource();
    return notServed();
  }
  const problem = pathSegmentProblems(name)[0];
  if (problem !== undefined && name.startsWith('.'))
    throw new LabError('BadRequest', `invalid resource name ${JSON.stringify(name)}: [${problem}]`);
  return answered(api, problem === undefined ? routes : undefined, { ...call, info });
}

/** The answer of a served resource; without routes, its name is none. */
async function answered(api: Api, routes: Routes | undefined, call: ResourceCall): Promise<Answer> {
  const { info } = call;
  if (info.custom) {
    demandCustomFormat(call.incoming.headers['accept']);
    if (elsewhere(call)) return notServed();
  }
  if (info.deprecation !== undefined) call.warnings.add(info.deprecation);
  const verb = routes?.find(api, call);
  if (!verb) throw info.custom ? notFound(info, call.attributes.name) : unknownResource();
  // Before anything is done whose outcome could not be told.
  if (call.attributes.subresource === '' && TOLD.has(call.attributes.verb)) accepted(call, false, false, true);
  return verb(api, call);
}

const TOLD = new Set(['get', 'create', 'update', 'patch']);

/** Path and query of a URL as it was sent: dots are not resolved. */
export function splitUrl(url: string): { path: string; query: URLSearchParams } {
  const at = url.indexOf('?');
  if (at < 0) return { path: url, query: new URLSearchParams() };
  return { path: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) };
}

const DURATION = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))*$|^0$/;

function demandTimeout(query: URLSearchParams): void {
  const timeout = query.get('timeout');
  if (timeout === null || timeout === '' || DURATION.test(timeout)) return;
  throw new LabError('BadRequest', `invalid timeout specified in the request URL - time: invalid duration ${JSON.stringify(timeout)}`);
}

/** A failure as an answer. Failures that nobody expected are logged here, because their text goes nowhere else. */
export function failure(api: Pick<Api, 'log'>, error: unknown, format: Format = 'json'): WholeAnswer {
  if (!(error instanceof LabError)) {
    api.log.error('Request failed', { error: error instanceof Error ? (error.stack ?? error.message) : messageOf(error) });
  }
  const body = toStatus(error);
  const answer = formatted({ format }, body, error instanceof LabError ? httpStatusOf(error) : 500);
  return error instanceof LabError ? { ...answer, headers: { ...answer.headers, ...retryHeader(error) } } : answer;
}

function retryHeader(error: LabError): Record<string, string> {
  const retry = error instanceof StatusError ? error.details?.retryAfterSeconds : undefined;
  return retry === undefined ? {} : { 'retry-after': String(retry) };
}

function withHeaders(answer: Answer, incoming: Incoming, warnings: Warnings): Answer {
  const headers: Record<string, string> = {
    'audit-id': incoming.headers['audit-id'] ?? randomUUID(),
    'cache-control': 'no-cache, private',
    ...answer.headers,
  };
  const warning = warnings.header();
  if (warning !== undefined) headers['warning'] = warning;
  return { ...answer, headers };
}
