import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiEndpoint, kubeconfigEndpoint } from '@crownlabs/client';
import { ROOT } from '../program.ts';

/** A Kubernetes API that the scenarios run against, reached over TLS. */
export interface Cluster extends AsyncDisposable {
  readonly kubeconfig: string;
  readonly endpoint: ApiEndpoint;
  /** Somebody's own cluster: it may lack controllers and storage, and what we made there must go. */
  readonly given: boolean;
}

/** The cluster that `crownlabs test operators --kubeconfig FILE` was given, or an API of its own: `crownlabs apiserver` as a process. */
export async function openCluster(): Promise<Cluster> {
  const given = process.env['CROWNLABS_TEST_KUBECONFIG'];
  if (given !== undefined && given !== '') {
    return { kubeconfig: given, endpoint: endpointOf(given), given: true, [Symbol.asyncDispose]: async () => undefined };
  }
  return ownCluster();
}

/** `crownlabs apiserver` as a process of its own, with more flags. */
export async function ownCluster(...flags: string[]): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'operators-test-'));
  const child = crownlabs(['apiserver', '--data-dir', join(folder, 'api'), '--secure-port', '0', ...flags]);
  const kubeconfig = join(folder, 'api', 'admin.kubeconfig');
  for (let tries = 0; !existsSync(kubeconfig); tries += 1) {
    if (tries > 1_600 || child.exitCode !== null) throw new Error('crownlabs apiserver did not start');
    await sleep(50);
  }
  const end = async () => {
    await stop(child, 'SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  };
  return { kubeconfig, endpoint: endpointOf(kubeconfig), given: false, [Symbol.asyncDispose]: end };
}

/** Starts the command of the clone as a process of its own. */
export function crownlabs(args: readonly string[]): ChildProcess {
  const main = join(ROOT, 'apps/cli/src/main.ts');
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Ends a process and waits for its end. */
export async function stop(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

function endpointOf(kubeconfig: string): ApiEndpoint {
  return kubeconfigEndpoint(readFileSync(kubeconfig, 'utf8'), { directory: dirname(kubeconfig) });
}
