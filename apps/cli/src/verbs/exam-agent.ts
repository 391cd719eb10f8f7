import { once } from 'node:events';
import { createServer } from 'node:http';
import process from 'node:process';
import { createClient, httpTransport } from '@crownlabs/client';
import { createExamAgent, ensureExamNamespace } from '@crownlabs/gateway';
import { jsonLines, whereTo } from './operators.ts';

/** What `crownlabs exam-agent` is told, as it was typed. */
export interface ExamAgentFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly bind: string;
  readonly port: number;
  readonly allow: readonly string[];
  readonly trustedProxy: readonly string[];
  readonly workspace: string;
  readonly operatorSelector: string;
}

/** Serves the façade of exams until it is interrupted. */
export async function examAgent(flags: ExamAgentFlags): Promise<void> {
  const { endpoint } = await whereTo(flags);
  const log = jsonLines('info');
  const client = createClient(httpTransport(endpoint), { fieldManager: 'exam-agent', userAgent: 'crownlabs-exam-agent' });
  await ensureExamNamespace(client, flags.operatorSelector);
  const { workspace, allow: allowed, trustedProxy: trustedProxies } = flags;
  const agent = createExamAgent({ client, workspace, allowed, trustedProxies, log });
  const server = createServer((request, response) => void agent(request, response));
  server.listen(flags.port, flags.bind);
  await once(server, 'listening');
  log.info('The exam agent listens', { bind: flags.bind, port: flags.port, allowed: allowed.join(' ') });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.close());
  await once(server, 'close');
}
