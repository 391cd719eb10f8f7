import { expect, test } from 'vitest';
import { WatchLines } from './watch-lines.ts';

const EVENTS = ['è', 'b', 'c'].map((name) => ({ type: 'ADDED', object: { metadata: { name } } }));
const BYTES = Buffer.from(EVENTS.map((event) => `${JSON.stringify(event)}\n`).join('\n'));

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(body: AsyncIterable<Uint8Array>): Promise<unknown[]> {
  return Array.fromAsync(new WatchLines().events({ body }));
}

test.each([1, 7, 40, 1000])('a watch reads the same wherever the network cuts it: in pieces of %d bytes', async (size) => {
  expect(await read(pieces(BYTES, size))).toEqual(EVENTS);
});

test('a last line that was not ended is read too, and what is no event is passed over', async () => {
  const text = Buffer.concat([BYTES, Buffer.from('"nothing"\n'), Buffer.from(JSON.stringify(EVENTS[0]))]);
  expect(await read(pieces(text, 64))).toEqual([...EVENTS, EVENTS[0]]);
});

test('watches that are given the same piece share its events, frozen and without managers', async () => {
  const event = { type: 'MODIFIED', object: { metadata: { name: 'a', managedFields: [{}] } } };
  const piece = Buffer.from(`${JSON.stringify(event)}\n`);
  const lines = new WatchLines();
  const [first] = await Array.fromAsync(lines.events({ body: pieces(piece, 1000) }));
  const whole = async function* () {
    yield piece;
  };
  const [second] = await Array.fromAsync(lines.events({ body: whole() }));
  const [third] = await Array.fromAsync(lines.events({ body: whole() }));
  expect(second).toBe(third);
  expect(first).toEqual({ type: 'MODIFIED', object: { metadata: { name: 'a' } } });
  expect(Object.isFrozen(second?.object)).toBe(true);
});

test('what the transport knows a piece to say is not read', async () => {
  const known = [{ type: 'ADDED', object: { metadata: { name: 'a' } } }];
  const body = pieces(Buffer.from('not JSON\n'), 1000);
  const events = await Array.fromAsync(new WatchLines().events({ body, documents: () => known }));
  expect(events).toEqual(known);
});
