import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  EXAM_NAMESPACE,
  EXAM_TENANT,
  ExamWish,
  type Instance,
  instances,
  LABEL,
  templates,
  tenants,
  workspaceNamespace,
} from '@crownlabs/api';
import { type KubeClient, namespaces, roleBindings, roles } from '@crownlabs/client';
import { httpStatus, LabError, type Logger, messageOf } from '@crownlabs/std';
import { type CallerRules, callers } from './callers.ts';
import { candidateRights, examInstance, templateKey } from './desired.ts';
import { answerBrowser, presentInstance, presentTemplate } from './present.ts';

/** What the agent works with. */
export interface ExamAgentOptions extends CallerRules {
  /** Acts as the ServiceAccount `exam-agent` in crownlabs-system. */
  readonly client: KubeClient;
  /** The Workspace whose templates are named without it. */
  readonly workspace: string;
  readonly log: Logger;
}

/** Answers one request. */
export type ExamAgent = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

interface Call {
  readonly client: KubeClient;
  readonly workspace: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly id: string;
}

/** What is served below `/api`: both the singular and the plural are in use. */
const ROUTES: readonly (readonly [method: string, path: RegExp, serve: (call: Call) => Promise<void>])[] = [
  ['GET', /^\/api\/instances$/, listInstances],
  ['GET', /^\/api\/instances?\/(?<id>[^/]+)$/, showInstance],
  ['PUT', /^\/api\/instances?\/(?<id>[^/]+)$/, putInstance],
  ['DELETE', /^\/api\/instances?\/(?<id>[^/]+)$/, deleteInstance],
  ['GET', /^\/api\/templates$/, listTemplates],
  ['GET', /^\/api\/templates?\/(?<id>[^/]+)$/, showTemplate],
];

/** The façade through which learning platforms start, watch and end the environments of candidates. */
export function createExamAgent({ client, workspace, log, ...rules }: ExamAgentOptions): ExamAgent {
  const mayCall = callers(rules);
  return async (request, response) => {
    try {
      const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://exam');
      if (pathname === '/healthz') {
        response.end('ok\n');
        return;
      }
      const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',');
      if (!mayCall(request.socket.remoteAddress, forwarded))
        throw new LabError('Forbidden', 'This address is not among those that may call.');
      const { serve, id } = routeOf(request.method ?? '', pathname);
      await serve({ client, workspace, request, response, query, id });
    } catch (error) {
      const { code, message } = LabError.from(error);
      if (httpStatus(code) >= 500) log.error('An exam call failed', { path: request.url, error: messageOf(error) });
      json(response, httpStatus(code), { error: message });
    }
  };
}

function routeOf(asked: string, pathname: string) {
  const found = ROUTES.flatMap(([method, path, serve]) => {
    const match = path.exec(pathname);
    return match ? [{ method, serve, id: decodeURIComponent(match.groups?.['id'] ?? '') }] : [];
  });
  if (found.length === 0) throw new LabError('NotFound', `There is nothing at ${pathname}.`);
  const route = found.find(({ method }) => method === asked);
  if (!route) throw new LabError('MethodNotAllowed', `${asked} is not for ${pathname}.`);
  return route;
}

/** Makes the namespace of exams, which the Tenant of exams owns, unless it is there. */
export async function ensureExamNamespace(client: KubeClient, operatorSelector: string): Promise<void> {
  const labels = {
    [LABEL.managedBy]: 'exam-agent',
    [LABEL.type]: 'tenant',
    [LABEL.name]: EXAM_TENANT,
    'pod-security.kubernetes.io/enforce': 'restricted',
    ...(operatorSelector === '' ? {} : { [LABEL.operatorSelector]: operatorSelector }),
  };
  await client.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: EXAM_NAMESPACE, labels } });
}

async function listInstances({ client, response, query }: Call): Promise<void> {
  const labelSelector = [...query].map(([key, value]) => `${key}=${value}`).join(',');
  const { items } = await client.list(instances, { namespace: EXAM_NAMESPACE, ...(labelSelector === '' ? {} : { labelSelector }) });
  json(response, 200, items.map(presentInstance));
}

async function showInstance({ client, request, response, id }: Call): Promise<void> {
  const instance = await client.get(instances, id, EXAM_NAMESPACE);
  if ((request.headers.accept ?? '').includes('text/html')) return answerBrowser(response, instance);
  json(response, 200, presentInstance(instance));
}

async function putInstance({ client, workspace, request, response, id }: Call): Promise<void> {
  const wish = ExamWish.safeParse(await bodyOf(request));
  if (!wish.success)
    throw new LabError('Invalid', wish.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  if (wish.data.id !== undefined && wish.data.id !== id)
    throw new LabError('Invalid', `The path says ${id}, and the body ${wish.data.id}.`);
  const { name, namespace } = templateKey(wish.data.template, workspace);
  const template = await client.get(templates, name, namespace);
  const before = await client.find(instances, id, EXAM_NAMESPACE);
  const wanted = examInstance(id, wish.data, template);
  const instance = before
    ? await client.patch(instances, id, EXAM_NAMESPACE, { metadata: { labels: wanted.metadata.labels }, spec: wanted.spec })
    : await client.create(instances, wanted);
  await admit(client, instance, wish.data.candidate);
  json(response, before ? 200 : 201, presentInstance(instance));
}

/** Lets the candidate in, and whoever it was before out. */
async function admit(client: KubeClient, instance: Instance, name: string | undefined): Promise<void> {
  if (name === undefined) return;
  const { role, binding } = candidateRights(instance, await client.get(tenants, name));
  await client.apply(roles, role, { force: true });
  await client.apply(roleBindings, binding, { force: true });
}

async function deleteInstance({ client, response, id }: Call): Promise<void> {
  await client.get(instances, id, EXAM_NAMESPACE);
  await client.delete(instances, id, EXAM_NAMESPACE, { propagationPolicy: 'Background' });
  response.writeHead(204).end();
}

async function listTemplates({ client, workspace, response }: Call): Promise<void> {
  json(response, 200, (await client.list(templates, { namespace: workspaceNamespace(workspace) })).items.map(presentTemplate));
}

async function showTemplate({ client, workspace, response, id }: Call): Promise<void> {
  const { name, namespace } = templateKey(id, workspace);
  json(response, 200, presentTemplate(await client.get(templates, name, namespace)));
}

const LONGEST_BODY = 64 * 1024;

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) {
    text += part;
    if (text.length > LONGEST_BODY) throw new LabError('RequestEntityTooLarge', 'The body is too long.');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new LabError('Invalid', 'The body is no JSON.');
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(text);
}
