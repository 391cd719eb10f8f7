import type { Wire } from './wire.ts';

export const PODS = '/api/v1/namespaces/bench/pods';

/** A pod as a lab has them. */
export function pod(name: string, labels: Readonly<Record<string, string>> = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'bench', 'crownlabs.polito.it/workspace': 'netgroup', ...labels } },
    spec: { containers: [{ name: 'c', image: 'crownlabs/desktop:1', resources: { limits: { cpu: '1', memory: '1Gi' } } }] },
  });
}

/** Makes the namespace, and `count` pods in it, named `<prefix><n>`. */
export async function fill(wires: readonly Wire[], count: number, prefix: string): Promise<void> {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } });
  await wires[0]?.ask({ method: 'POST', path: '/api/v1/namespaces', body });
  let n = 0;
  await Promise.all(
    wires.map(async (wire) => {
      while (n < count) await expected(wire, { method: 'POST', path: PODS, body: pod(`${prefix}${n++}`) }, 201);
    }),
  );
}

/** A wrong answer is quick to give, so every one is looked at. */
export async function expected(wire: Wire, question: Parameters<Wire['ask']>[0], status: number): Promise<number> {
  const answer = await wire.ask(question);
  if (answer.status !== status) throw new Error(`${question.method} ${question.path}: ${answer.status} instead of ${status}`);
  return answer.bytes;
}
