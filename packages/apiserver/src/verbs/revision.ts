import type { Api } from '../pipeline.ts';
import { StatusError } from '../status-error.ts';

/** The revision of an empty store: nobody was ever told it, so that nobody can go on from there. */
export const UNSEEN_REVISION = 1;

const WAIT_MS = 3_000;
const LOOK_EVERY_MS = 25;

/** Waits until the store has reached `revision`, but not for long: nobody can know a revision that was not written yet. */
export async function reached(api: Api, revision: number, signal: AbortSignal): Promise<void> {
  const until = api.clock.now() + WAIT_MS;
  while (api.objects.store.revision < revision) {
    if (api.clock.now() >= until) throw tooLarge(revision, api.objects.store.revision);
    await api.clock.sleep(LOOK_EVERY_MS, signal);
  }
}

function tooLarge(revision: number, current: number): StatusError {
  return new StatusError('Timeout', `Timeout: Too large resource version: ${revision}, current: ${current}`, {
    details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1 },
  });
}
