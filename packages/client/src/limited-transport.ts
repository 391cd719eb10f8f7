import { type Clock, systemClock } from '@crownlabs/std';
import type { ApiRequest, ApiResponse, Transport } from './transport.ts';

/** How many requests a second, and how many at once after a pause. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
  readonly clock?: Clock;
}

/** A transport that sends no more than its share: requests beyond it wait for their turn, in order. Opening a watch counts like any request. */
export function limitedTransport(transport: Transport, { perSecond, burst, clock = systemClock }: RateLimit): Transport {
  // When the next token comes; tokens of the past are saved up to `burst`.
  // When the next request may go: what was not used in the past is saved up to `burst`.
  let next = Number.NEGATIVE_INFINITY;
  const gap = 1000 / perSecond;
  return async (request) => {
    const now = clock.now();
    next = Math.max(next, now - (burst - 1) * gap);
    const wait = next - now;
    next += gap;
    if (wait > 0) await clock.sleep(wait, request.signal);
    return transport(request);
  };
}

/** A transport that tells of every answer, and of requests that got none (`status` 0). */
export function observedTransport(transport: Transport, heard: (request: ApiRequest, status: number, seconds: number) => void): Transport {
  return async (request): Promise<ApiResponse> => {
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    try {
      const answer = await transport(request);
      heard(request, answer.status, seconds());
      return answer;
    } catch (error) {
      if (request.signal?.aborted !== true) heard(request, 0, seconds());
      throw error;
    }
  };
}
