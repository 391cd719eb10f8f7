import type { ContainerState, Runtime } from '@crownlabs/runtime';
import type { Container } from 'kubernetes-types/core/v1.js';

// As a kubelet has it: https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
const LINES = 80;
const BYTES = 2048;
const PATIENCE_MS = 1_000;

/** What a container that failed said last, where its pod wants that told. */
export async function lastWords(
  runtime: Pick<Runtime, 'logs'>,
  { terminationMessagePolicy }: Container,
  id: string,
  state: ContainerState,
): Promise<string | undefined> {
  if (terminationMessagePolicy !== 'FallbackToLogsOnError' || state.phase !== 'exited' || state.exitCode === 0) return undefined;
  let said = '';
  try {
    for await (const chunk of runtime.logs(id, { follow: false, timestamps: false, tailLines: LINES }, AbortSignal.timeout(PATIENCE_MS)))
      said = (said + Buffer.from(chunk).toString()).slice(-BYTES);
  } catch {
    // An end is told without words rather than late.
  }
  return said === '' ? undefined : said;
}
