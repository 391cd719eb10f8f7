import type { ClientRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { WebhookPost, WebhookTarget } from './webhook-call.ts';

const ANSWER_LIMIT = 3 * 1024 * 1024;
const AGENTS = 64;

/** Posts reviews over HTTPS, with connections kept open: a webhook is asked again and again. */
export function httpsPost(): WebhookPost {
  const agents = new Map<string, Agent>();
  function agentFor({ caBundle }: WebhookTarget): Agent {
    const known = agents.get(caBundle);
    if (known) return known;
    if (agents.size >= AGENTS) agents.clear();
    const agent = new Agent({ keepAlive: true, ca: caBundle ? [caBundle] : [...rootCertificates] });
    agents.set(caBundle, agent);
    return agent;
  }
  return (target, body, signal) =>
    new Promise((resolve, reject) => {
      const outgoing = request(target.url, {
        method: 'POST',
        agent: agentFor(target),
        ...(target.serverName && { servername: target.serverName }),
        headers: { 'content-type': 'application/json', accept: 'application/json', 'content-length': Buffer.byteLength(body) },
        signal,
      });
      readAnswer(outgoing, resolve, reject);
      outgoing.end(body);
    });
}

function readAnswer(
  outgoing: ClientRequest,
  resolve: (answer: { status: number; body: string }) => void,
  reject: (error: Error) => void,
): void {
  outgoing.on('error', reject);
  outgoing.on('response', (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('error', reject);
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > ANSWER_LIMIT) response.destroy(new Error('the answer is too large'));
      else chunks.push(chunk);
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
  });
}
