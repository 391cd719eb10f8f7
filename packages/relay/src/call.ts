import type { ApiRequest, ApiResponse, Transport } from '@crownlabs/client';
import { GraphQLError } from 'graphql';
import { isObject, objectOf, stringOf } from './json.ts';

const LARGEST_ANSWER = 64 * 1024 * 1024;

/** One request and its JSON. A failure is a GraphQLError with `code`, `reason` and `details` of the API's Status as extensions. */
export async function callApi(transport: Transport, request: ApiRequest): Promise<unknown> {
  const response = await transport(request).catch((error: unknown) => {
    throw apiError(503, 'ServiceUnavailable', 'the API does not answer', { cause: error });
  });
  const body = await json(response);
  if (response.status < 400) return body;
  const status = objectOf(body);
  const message = stringOf(status['message']) ?? `the API answered ${response.status}`;
  throw apiError(response.status, stringOf(status['reason']) ?? 'Unknown', message, { details: status['details'] });
}

/** An error as clients see it: the message for people, `extensions` for programs. */
export function apiError(code: number, reason: string, message: string, more: { details?: unknown; cause?: unknown } = {}): GraphQLError {
  const extensions = { code, reason, ...(isObject(more.details) ? { details: more.details } : {}) };
  return new GraphQLError(message, { extensions, ...(more.cause instanceof Error ? { cause: more.cause } : {}) });
}

async function json(response: ApiResponse): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > LARGEST_ANSWER) throw apiError(413, 'RequestEntityTooLarge', 'the answer is too large: narrow the list');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    // A proxy's page or a plain text: worth no more than its status.
    return undefined;
  }
}
