import { type ApiRequest, type ApiResponse, readText, type Transport } from '@crownlabs/client';
import { LabError } from '@crownlabs/std';

/** What goes wrong with one request. */
type Fault = 'refused' | 'lost' | 'conflict' | 'error' | 'busy' | 'late' | 'cut';

/** How often and with which seed. */
export interface FaultOptions {
  readonly seed: number;
  /** Part of the requests that meet a fault, from 0 to 1; may be changed as one goes. */
  readonly share: () => number;
  /** Told of every request that meets one. */
  readonly met?: () => void;
}

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const FOR_WRITES: readonly Fault[] = ['refused', 'lost', 'lost', 'conflict', 'error', 'busy', 'late', 'late'];
const FOR_READS: readonly Fault[] = ['refused', 'lost', 'error', 'busy', 'late'];
const FOR_WATCHES: readonly Fault[] = ['refused', 'error', 'cut', 'cut', 'late'];

/**
 * A transport on which things go wrong: refused and lost connections (lost also after the API has done what was asked), conflicts, errors, an
 * API that is busy, answers that take long, watches that end early. Which request meets which fault follows from the seed, the path, and how
 * often that path was asked, not from the order in which paths are asked: so a run can be played again.
 */
export function faultyTransport(transport: Transport, { seed, share, met }: FaultOptions): Transport {
  const asked = new Map<string, number>();
  return async (request) => {
    const path = `${request.method} ${request.path.split('?')[0]}`;
    const count = (asked.get(path) ?? 0) + 1;
    asked.set(path, count);
    const dice = random(`${seed} ${path} ${count}`);
    if (dice() >= share()) return transport(request);
    met?.();
    return meet(pick(kindsFor(request), dice()), transport, request, dice);
  };
}

function kindsFor({ method, path }: ApiRequest): readonly Fault[] {
  if (path.includes('watch=true')) return FOR_WATCHES;
  return WRITES.has(method) ? FOR_WRITES : FOR_READS;
}

async function meet(fault: Fault, transport: Transport, request: ApiRequest, dice: () => number): Promise<ApiResponse> {
  switch (fault) {
    case 'refused':
      throw lost();
    case 'lost':
      await readText((await transport(request)).body);
      throw lost();
    case 'conflict':
      return refusal(409, 'Conflict', 'somebody was faster');
    case 'error':
      return dice() < 0.5 ? refusal(500, 'InternalError', 'etcdserver: request timed out') : refusal(503, 'ServiceUnavailable', 'starting');
    case 'busy':
      return refusal(429, 'TooManyRequests', 'too many requests', { retryAfterSeconds: 0.002 });
    case 'late':
      await new Promise((resolve) => setTimeout(resolve, Math.floor(dice() * 12)));
      return transport(request);
    default:
      return cut(await transport(request), Math.floor(dice() * 6), dice() < 0.5);
  }
}

function lost(): LabError {
  return new LabError('ServiceUnavailable', 'the API does not answer: read ECONNRESET');
}

function refusal(status: number, reason: string, message: string, details?: object): ApiResponse {
  const answer = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code: status, ...(details ? { details } : {}) };
  async function* body() {
    yield Buffer.from(JSON.stringify(answer));
  }
  return { status, headers: { 'content-type': 'application/json' }, body: body() };
}

/** A watch that ends after a few parts: by the server, or in the middle by the network. */
function cut(answer: ApiResponse, after: number, abruptly: boolean): ApiResponse {
  async function* body() {
    let parts = 0;
    for await (const part of answer.body) {
      if (parts >= after) break;
      parts += 1;
      yield part;
    }
    if (abruptly) throw lost();
  }
  return { ...answer, body: body() };
}

function pick<T>(list: readonly T[], at: number): T {
  return list[Math.min(list.length - 1, Math.floor(at * list.length))] as T;
}

/** Numbers in [0, 1) that follow from a text: FNV-1a into mulberry32. */
function random(text: string): () => number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
