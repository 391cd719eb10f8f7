import { ProblemError } from './problem.ts';

/** Asks the gateway to make a machine boot anew. Throws a ProblemError. */
export async function reboot(namespace: string, instance: string, environment: string): Promise<void> {
  const path = ['api', 'machines', namespace, instance, environment, 'reboot'].map(encodeURIComponent).join('/');
  const response = await fetch(`/${path}`, { method: 'POST', headers: { accept: 'application/json' } });
  if (response.ok) return;
  const body: unknown = await response.json().catch(() => undefined);
  const said = (what: string) => (typeof body === 'object' && body !== null ? String(Reflect.get(body, what) ?? '') : '');
  throw new ProblemError({ code: response.status, reason: said('reason') || 'Unknown', message: said('message') || response.statusText });
}
