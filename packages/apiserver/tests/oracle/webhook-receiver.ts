import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scope } from '@crownlabs/std';
import { machineCertificates } from '../../src/certificates.ts';
import { isObject, type JsonObject } from '../../src/json.ts';
import { parsed } from './connection.ts';
import type { WebhookAnswer } from './recorded-case.ts';
import type { Variables } from './variables.ts';

/** The webhooks of one case, and what they were asked so far. */
export interface CaseWebhooks {
  readonly answers: Readonly<Record<string, WebhookAnswer>>;
  readonly variables: Variables;
  readonly seen: Map<string, JsonObject[]>;
}

/** An HTTPS server that plays the webhooks of all cases: `/<case>/<webhook>`. */
export interface WebhookReceiver {
  readonly url: string;
  /** What a webhook configuration trusts it by. */
  readonly caBundle: string;
  readonly cases: Map<string, CaseWebhooks>;
}

/** Starts it; it ends with `owned`. */
export async function webhookReceiver(owned: Scope): Promise<WebhookReceiver> {
  const folder = await mkdtemp(join(tmpdir(), 'recorded-webhooks-'));
  owned.defer(() => rm(folder, { recursive: true }));
  const { ca, serving } = await machineCertificates(folder, ['localhost', '127.0.0.1'], Date.now());
  const cases = new Map<string, CaseWebhooks>();
  const server = createServer(serving, (request, response) => void receive(cases, request, response));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  owned.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `https://127.0.0.1:${port}`, caBundle: Buffer.from(ca).toString('base64'), cases };
}

async function receive(cases: WebhookReceiver['cases'], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '';
  const [, id = '', name = ''] = path.replace(/\?.*/, '').split('/');
  const review = parsed(await text(request));
  const hooks = cases.get(id);
  const answer = hooks?.answers[name];
  if (!hooks || !answer || !isObject(review) || !isObject(review['request'])) {
    response.writeHead(404).end();
    return;
  }
  const asked = { ...review['request'], url: path.replace(`/${id}`, '') };
  hooks.seen.set(name, [...(hooks.seen.get(name) ?? []), asked]);
  const filled = hooks.variables.filled(answer);
  if (filled.delay) await sleep(filled.delay);
  if (filled.http) response.writeHead(filled.http).end('boom');
  else {
    const verdict = { apiVersion: review['apiVersion'], kind: 'AdmissionReview', response: verdictOf(filled, review['request']['uid']) };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(verdict));
  }
}

function verdictOf({ allowed = true, status, warnings, patch, badUid }: WebhookAnswer, uid: unknown): Record<string, unknown> {
  const changes = patch && { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') };
  return { uid: badUid ? '00000000-bad' : uid, allowed, ...(status ? { status } : {}), ...(warnings ? { warnings } : {}), ...changes };
}
