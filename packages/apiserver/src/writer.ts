import { LabError, type LabErrorCode } from '@crownlabs/std';
import { parseStored } from './codec/json-parse.ts';
import { encodeJson } from './codec/json-print.ts';
import { isObject, type JsonObject } from './json.ts';
import { textAt } from './json-read.ts';
import type { ObjectWriter } from './object-reader.ts';
import type { InProcessTransport } from './transport.ts';

const CODES: ReadonlySet<string> = new Set<LabErrorCode>([
  'BadRequest',
  'Unauthorized',
  'Forbidden',
  'NotFound',
  'MethodNotAllowed',
  'NotAcceptable',
  'AlreadyExists',
  'Conflict',
  'Expired',
  'RequestEntityTooLarge',
  'UnsupportedMediaType',
  'Invalid',
  'TooManyRequests',
  'ServiceUnavailable',
  'Timeout',
]);

/** Writes through a transport, for rooms inside the API. */
export function requestWriter(transport: InProcessTransport): ObjectWriter {
  return {
    async send({ method, path, body, contentType = 'application/json' }) {
      const headers = { 'content-type': contentType, 'user-agent': 'apiserver' };
      const response = await transport({ method, path, headers, ...(body === undefined ? {} : { body: encodeJson(body) }) });
      const value = await readBody(response.body);
      if (response.status < 400) return value;
      const reason = textAt(value, 'reason');
      throw new LabError(isCode(reason) ? reason : 'InternalError', textAt(value, 'message'), { cause: value });
    },
  };
}

function isCode(reason: string): reason is LabErrorCode {
  return CODES.has(reason);
}

async function readBody(body: AsyncIterable<Uint8Array>): Promise<JsonObject> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const value = chunks.length === 0 ? {} : parseStored(Buffer.concat(chunks));
  return isObject(value) ? value : {};
}
