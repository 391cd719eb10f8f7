import { LabError, messageOf } from '@crownlabs/std';

/** What a registry answered. */
export interface BoundedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Asks an address; never more, nor longer, nor elsewhere than allowed. */
export type BoundedFetch = (url: URL, headers: Readonly<Record<string, string>>) => Promise<BoundedAnswer>;

/** What a fetch is bound to. */
export interface FetchBounds {
  /** Hosts, with their port where it is not the usual one. */
  readonly hosts: ReadonlySet<string>;
  /** Whether a wire that everybody reads may be used: only where the administrator wrote `http` himself. */
  readonly plain: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const LONGEST_ANSWER = 8 * 1024 * 1024;

/**
 * A fetch for what the configuration names and nothing else: a registry tells us where its next page and its tokens are, and must not be
 * able to send us, and our password, somewhere else. Redirects are answers like any other.
 */
export function boundedFetch({ hosts, plain, timeoutMs, signal }: FetchBounds): BoundedFetch {
  return async (url, headers) => {
    if (!hosts.has(url.host)) throw new LabError('Forbidden', `${url.host} is not a host that the configuration names`);
    if (url.protocol !== 'https:' && !(plain && url.protocol === 'http:')) {
      throw new LabError('Forbidden', `${url.origin} is not reached over TLS`);
    }
    try {
      const answer = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
      return { status: answer.status, headers: answer.headers, text: await boundedText(answer) };
    } catch (error) {
      if (error instanceof LabError || signal.aborted) throw error;
      throw new LabError('ServiceUnavailable', `${url.host} does not answer: ${causeOf(error)}`, { cause: error });
    }
  };
}

/** `fetch failed` says nothing; what it hides says it. */
function causeOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
}

async function boundedText({ body }: Response): Promise<string> {
  if (!body) return '';
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    // Leaving the loop closes the connection.
    if (length > LONGEST_ANSWER) throw new LabError('RequestEntityTooLarge', 'the answer of the registry is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
