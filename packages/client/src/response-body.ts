import { LabError } from '@crownlabs/std';

/** Reads a body to its end as text. */
export async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
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
