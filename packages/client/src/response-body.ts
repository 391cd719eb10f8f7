import { LabError } from '@crownlabs/std';
import type { ApiResponse } from './transport.ts';

/** Reads a body to its end as text. */
export async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  return textOf(await readParts(body));
}

/** Reads the one JSON document of an answer; `undefined` when it is empty. */
export async function readDocument(answer: ApiResponse): Promise<unknown> {
  const parts = await readParts(answer.body);
  const known = parts[0] && parts.length === 1 ? answer.documents?.(parts[0]) : undefined;
  if (known) return known[0];
  const text = textOf(parts);
  return text === '' ? undefined : parseJson(text);
}

async function readParts(body: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return parts;
}

function textOf(parts: readonly Uint8Array[]): string {
  const only = parts.length === 1 ? parts[0] : undefined;
  return new TextDecoder().decode(only ?? Buffer.concat(parts));
}

/** Parses JSON that a server sent; text that is none is a fault of the server or of something between. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LabError('InternalError', `the API sent something else than JSON: ${text.slice(0, 120)}`, { cause: error });
  }
}

/** The lines of a text, without the empty ones. */
export function linesOf(bytes: Uint8Array): string[] {
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line.trim() !== '');
}
