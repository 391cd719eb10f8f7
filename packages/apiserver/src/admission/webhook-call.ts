import { hasCode, LabError, messageOf } from '@crownlabs/std';
import type { AdmissionCall } from '../call.ts';
import type { ResourceInfo } from '../resource.ts';
import { StatusError } from '../status-error.ts';
import type { Webhook, WebhookClient } from './webhook.ts';
import { bodyOf } from './webhook-answer.ts';
import { denial, readVerdict, reviewOf, type Verdict } from './webhook-review.ts';

/** Posts a review to `url` and reads the answer. */
export type WebhookPost = (target: WebhookTarget, body: string, signal: AbortSignal) => Promise<{ status: number; body: string }>;

/** Where to post to. */
export interface WebhookTarget {
  readonly url: string;
  /** PEM; `''` for the system's own roots. */
  readonly caBundle: string;
  /** The name in the certificate, where it is not the host of `url`. */
  readonly serverName?: string;
}

/** Answers reviews inside this process: the same bytes, without a socket. */
export type WebhookHandler = (review: string, signal: AbortSignal) => Promise<string>;

/** Finds what is behind a Service: a handler of our own, or `host:port`. */
export type ServiceResolver = (service: NonNullable<WebhookClient['service']>) => WebhookHandler | string | undefined;

/** How webhooks are reached. */
export interface WebhookTransport {
  readonly post: WebhookPost;
  readonly resolve: ServiceResolver;
}

/** Asks one webhook; its refusal is thrown, and so is its failure unless the webhook's policy is to ignore it. */
export async function ask(
  transport: WebhookTransport,
  hook: Webhook,
  call: AdmissionCall,
  shown: ResourceInfo,
): Promise<Verdict | undefined> {
  if (call.dryRun && hook.sideEffects !== 'None' && hook.sideEffects !== 'NoneOnDryRun') {
    throw new LabError('BadRequest', `admission webhook ${JSON.stringify(hook.name)} does not support dry run`);
  }
  const verdict = await tryAsk(transport, hook, call, shown);
  for (const warning of verdict?.warnings ?? []) call.warn(warning);
  if (verdict && !verdict.allowed) throw denial(hook.name, verdict.status);
  return verdict;
}

async function tryAsk(transport: WebhookTransport, hook: Webhook, call: AdmissionCall, shown: ResourceInfo): Promise<Verdict | undefined> {
  try {
    const { uid, review } = reviewOf(call, shown);
    return readVerdict(await send(transport, hook, JSON.stringify(review), call.signal), uid);
  } catch (error) {
    if (hook.ignoresFailure) return undefined;
    throw failure(hook.name, messageOf(error));
  }
}

/** A webhook that could not do its part. */
export function failure(name: string, why: string): StatusError {
  const message = `failed calling webhook ${JSON.stringify(name)}: ${why}`;
  return new StatusError('InternalError', `Internal error occurred: ${message}`, { details: { causes: [{ message }] } });
}

async function send({ post, resolve }: WebhookTransport, hook: Webhook, body: string, signal: AbortSignal): Promise<string> {
  const { client, timeoutMs } = hook;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const found = client.service && resolve(client.service);
  try {
    if (typeof found === 'function') return await abortable(found(body, limited), limited);
    return bodyOf(await abortable(posted(post, targetOf(client, found, timeoutMs), body, limited), limited));
  } catch (error) {
    const why = limited.aborted && !hasCode(error, 'InternalError') ? 'context deadline exceeded' : messageOf(error);
    throw new LabError('InternalError', `failed to call webhook: ${why}`, { cause: error });
  }
}

/** Nobody listening is told as every client of webhooks knows it. */
async function posted(post: WebhookTransport['post'], target: WebhookTarget, body: string, signal: AbortSignal) {
  try {
    return await post(target, body, signal);
  } catch (error) {
    const [, address] = /^connect ECONNREFUSED (\S+)$/.exec(messageOf(error)) ?? [];
    if (address === undefined) throw error;
    throw new LabError('ServiceUnavailable', `Post ${JSON.stringify(target.url)}: dial tcp ${address}: connect: connection refused`, {
      cause: error,
    });
  }
}

function targetOf({ url, service, caBundle }: WebhookClient, address: string | undefined, timeoutMs: number): WebhookTarget {
  const withTimeout = (base: string) => `${base}?timeout=${timeoutMs / 1000}s`;
  if (url !== undefined) return { url: withTimeout(url), caBundle };
  if (!service || address === undefined) {
    throw new LabError('InternalError', `service ${JSON.stringify(service?.name ?? '')} not found`);
  }
  return { url: withTimeout(`https://${address}${service.path}`), caBundle, serverName: `${service.name}.${service.namespace}.svc` };
}

/** A handler that does not look at its signal must not hold the request. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
