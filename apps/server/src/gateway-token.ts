import type { KubeClient } from '@crownlabs/client';
import { type Clock, type Logger, messageOf } from '@crownlabs/std';
import { writePrivate } from './key-files.ts';
import { SYSTEM_NAMESPACE } from './room-identities.ts';

const LIFETIME_S = 3_600;
const RENEW_MS = (LIFETIME_S / 3) * 1_000;
const RETRY_MS = 5_000;

/** Keeps a fresh ServiceAccount token of the gateway in a file that only the edge may read; resolves once the first is there. */
export async function keepGatewayToken(
  client: KubeClient,
  file: { readonly path: string; readonly owner?: { uid: number; gid: number } | undefined },
  { clock, log, stop }: { clock: Clock; log: Logger; stop: AbortSignal },
): Promise<void> {
  const renew = async () => {
    const path = `/api/v1/namespaces/${SYSTEM_NAMESPACE}/serviceaccounts/gateway/token`;
    const request = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [], expirationSeconds: LIFETIME_S },
    };
    const { status } = (await client.raw('POST', path, request)) as { status: { token: string } };
    await writePrivate(file.path, status.token, file.owner);
  };
  await renew();
  void again(renew, { clock, log, stop });
}

async function again(renew: () => Promise<void>, { clock, log, stop }: { clock: Clock; log: Logger; stop: AbortSignal }): Promise<void> {
  for (let pause = RENEW_MS; !stop.aborted; ) {
    await clock.sleep(pause, stop).catch(() => undefined);
    if (stop.aborted) return;
    pause = await renew().then(
      () => RENEW_MS,
      (error: unknown) => {
        log.warn('Token of the gateway was not renewed', { error: messageOf(error) });
        return RETRY_MS;
      },
    );
  }
}
