import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import process from 'node:process';
import { type ApiEndpoint, inClusterEndpoint, kubeconfigEndpoint } from '@crownlabs/client';
import { parseOperators, startOperatorsProgram } from '@crownlabs/server/operators';
import { LabError, type Logger, type LogLine, logger, messageOf } from '@crownlabs/std';
import type { OperatorsFlags } from '../operators-flags.ts';

/** Runs the operators of CrownLabs against a Kubernetes cluster until it is interrupted. */
export async function operators(flags: OperatorsFlags): Promise<void> {
  const settings = parseOperators(flags.config === undefined ? '' : await textOf('--config', flags.config), overridesOf(flags));
  const { endpoint, inCluster } = await whereTo(flags);
  const log = jsonLines(settings.logLevel);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const identity = `${hostname()}_${randomUUID()}`;
  const running = await startOperatorsProgram(
    { endpoint, settings, identity, inCluster, installCrds: flags.installCrds, log },
    stop.signal,
  );
  log.info('Operators have begun', { server: endpoint.server, identity, metricsPort: running.metricsPort });
  await running.ended;
}

/** Settings that flags say, where they say something. */
function overridesOf(flags: OperatorsFlags): Record<string, unknown> {
  const webhooks = { register: flags.webhooks, url: flags.webhookUrl, port: flags.webhookPort, certificateDir: flags.webhookCertDir };
  const leaderElection = { enabled: flags.leaderElect ? undefined : false, leaseSeconds: flags.leaseSeconds };
  const all = {
    publicURL: flags.publicUrl,
    operatorSelector: flags.operatorSelector,
    logLevel: flags.logLevel,
    webhooks: given(webhooks),
    leaderElection: given(leaderElection),
    api: given({ qps: flags.qps, burst: flags.burst }),
    metrics: given({ port: flags.metricsPort }),
  };
  return given(all) ?? {};
}

function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const said = Object.entries(values).filter(([, value]) => value !== undefined);
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

/** The cluster that the flags, the environment or the pod name. Throws Invalid where none of them does. */
export async function whereTo({
  kubeconfig,
  context,
}: Pick<OperatorsFlags, 'kubeconfig' | 'context'>): Promise<{ endpoint: ApiEndpoint; inCluster: boolean }> {
  const file = kubeconfig ?? process.env['KUBECONFIG'];
  if (file !== undefined && file !== '') {
    const text = await textOf('--kubeconfig', file);
    const options = { directory: dirname(file), ...(context === undefined ? {} : { context }) };
    return { endpoint: kubeconfigEndpoint(text, options), inCluster: false };
  }
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (host && port) return { endpoint: inClusterEndpoint({ host, port }), inCluster: true };
  throw new LabError('Invalid', 'Which cluster? Give --kubeconfig FILE, or run inside one.');
}

async function textOf(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new LabError('NotFound', `${flag}: ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

const ORDER = ['debug', 'info', 'warn', 'error'];

/** One JSON object a line on standard error, as log collectors of clusters read them. */
export function jsonLines(least: LogLine['level']): Logger {
  return logger(({ level, message, fields }) => {
    if (ORDER.indexOf(level) < ORDER.indexOf(least)) return;
    process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
  });
}
