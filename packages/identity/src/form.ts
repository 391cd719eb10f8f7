import type { IncomingMessage } from 'node:http';
import { LabError } from '@crownlabs/std';

const MAX_BYTES = 16 * 1024;

/** The fields of a form that was sent from a page of `issuer` itself; anything else is refused. */
export async function readForm(request: IncomingMessage, issuer: URL): Promise<URLSearchParams> {
  // A browser names the origin of every form it posts; a form on another site could only guess passwords in our name.
  if (request.headers.origin !== issuer.origin) throw new LabError('Forbidden', 'This form was not sent from our own page.');
  if (!/^application\/x-www-form-urlencoded\b/.test(request.headers['content-type'] ?? '')) {
    throw new LabError('UnsupportedMediaType', 'A form was expected.');
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BYTES) throw new LabError('RequestEntityTooLarge', 'The form is too large.');
    chunks.push(bytes);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
