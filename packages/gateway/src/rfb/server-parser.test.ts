import { array, assert, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { BROWSER_FORMAT } from './pixel-format.ts';
import { ENCODING } from './protocol.ts';
import { rectHeader } from './screen-state.ts';
import { ServerParser } from './server-parser.ts';

const rect = (encoding: number, content: readonly number[], width = 20, height = 10) =>
  Buffer.concat([rectHeader({ x: 1, y: 2, width, height, encoding }), Buffer.from(content)]);

const zeros = (count: number) => Array<number>(count).fill(0);

/** One rectangle of every encoding that may be offered, with its content as the specification lays it out. */
const RECTS: Readonly<Record<string, Buffer>> = {
  raw: rect(ENCODING.raw, zeros(20 * 10 * 4)),
  copyRect: rect(ENCODING.copyRect, [0, 1, 0, 2]),
  rre: rect(ENCODING.rre, [0, 0, 0, 2, 9, 9, 9, 9, ...zeros(24)]),
  'hextile raw and empty': rect(ENCODING.hextile, [1, ...zeros(16 * 10 * 4), 0]),
  'hextile coloured': rect(ENCODING.hextile, [2 | 8 | 16, 1, 1, 1, 1, 2, ...zeros(12), 4 | 8, 7, 7, 7, 7, 1, 0, 0]),
  zlib: rect(ENCODING.zlib, [0, 0, 0, 3, 1, 2, 3]),
  zrle: rect(ENCODING.zrle, [0, 0, 0, 2, 1, 2]),
  h264: rect(ENCODING.h264, [0, 0, 0, 1, 0, 0, 0, 3, 9]),
  'tight fill': rect(ENCODING.tight, [0x80, 1, 2, 3]),
  'tight jpeg': rect(ENCODING.tight, [0x90, 0x81, 0x01, ...zeros(129)]),
  'tight copy': rect(ENCODING.tight, [0x00, 5, 1, 2, 3, 4, 5]),
  'tight two colours': rect(ENCODING.tight, [0x50, 1, 1, ...zeros(6), 0x04, ...zeros(4)], 20, 10),
  'tight palette': rect(ENCODING.tight, [0x60, 1, 2, ...zeros(9), 0x84, 0x01, ...zeros(132)]),
  'tight tiny': rect(ENCODING.tight, [0x00, ...zeros(9)], 3, 1),
  cursor: rect(ENCODING.cursor, zeros(20 * 10 * 4 + 30)),
  'x cursor': rect(ENCODING.xCursor, zeros(6 + 60)),
  'no x cursor': rect(ENCODING.xCursor, [], 0, 0),
  'vmware cursor': rect(ENCODING.vmwareCursor, [1, 0, ...zeros(20 * 10 * 4)]),
  'vmware mono cursor': rect(ENCODING.vmwareCursor, [0, 0, ...zeros(20 * 10 * 8)]),
  'alpha cursor': rect(ENCODING.cursorWithAlpha, [0, 0, 0, 0, ...zeros(20 * 10 * 4)]),
  'extended size': rect(ENCODING.extendedDesktopSize, [2, 0, 0, 0, ...zeros(32)]),
  size: rect(ENCODING.desktopSize, []),
  name: rect(ENCODING.desktopName, [0, 0, 0, 2, 65, 66]),
  lamps: rect(ENCODING.ledState, [7]),
};

const head = (count: number) => Buffer.from([0, 0, count >> 8, count & 0xff]);
const lastRect = rectHeader({ x: 0, y: 0, width: 0, height: 0, encoding: ENCODING.lastRect });

const MESSAGES: Readonly<Record<string, Buffer>> = {
  ...Object.fromEntries(Object.entries(RECTS).map(([name, bytes]) => [name, Buffer.concat([head(1), bytes])])),
  'all rectangles': Buffer.concat([head(Object.keys(RECTS).length), ...Object.values(RECTS)]),
  'open end': Buffer.concat([head(0xffff), RECTS['raw'] ?? Buffer.alloc(0), lastRect]),
  'no rectangles': head(0),
  colours: Buffer.from([1, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6]),
  bell: Buffer.from([2]),
  cutText: Buffer.from([3, 0, 0, 0, 0, 0, 0, 2, 65, 66]),
  'extended cutText': Buffer.from([3, 0, 0, 0, 0xff, 0xff, 0xff, 0xfc, 1, 2, 3, 4]),
  'end of continuous updates': Buffer.from([150]),
  fence: Buffer.from([248, 0, 0, 0, 0, 0, 0, 1, 2, 9, 9]),
};

function follow(chunks: readonly Buffer[]): { sizes: number[]; rects: [number, number][] } {
  const sizes: number[] = [];
  const rects: [number, number][] = [];
  const parser = new ServerParser(BROWSER_FORMAT, {
    start: () => undefined,
    end: (message) => {
      sizes.push(message.size);
      for (const { encoding, start, end } of message.rects) rects.push([encoding, end - start]);
      return true;
    },
  });
  for (const chunk of chunks) parser.push(chunk);
  return { sizes, rects };
}

test.each(Object.entries(MESSAGES))('it knows where a message ends: %s', (_name, bytes) => {
  // Two of them, so that a wrong end would make nonsense of the second.
  expect(follow([bytes, bytes]).sizes).toEqual([bytes.length, bytes.length]);
});

test('it knows the content of each rectangle', () => {
  const { rects } = follow([MESSAGES['all rectangles'] ?? Buffer.alloc(0)]);
  const expected = Object.values(RECTS).map((bytes) => [bytes.readInt32BE(8), bytes.length - 12]);
  expect(rects).toEqual(expected);
});

test('however the network cuts the stream, the messages are the same', () => {
  const all = Object.values(MESSAGES);
  const stream = Buffer.concat(all);
  assert(
    property(array(integer({ min: 1, max: 700 }), { minLength: 1 }), (sizes) => {
      const chunks: Buffer[] = [];
      for (let at = 0, turn = 0; at < stream.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        chunks.push(stream.subarray(at, at + size));
        at += size;
      }
      expect(follow(chunks).sizes).toEqual(all.map(({ length }) => length));
    }),
    { numRuns: 60 },
  );
});

test('it stops at the edge of a message when told to', () => {
  let stoppedAt = -1;
  const parser = new ServerParser(BROWSER_FORMAT, {
    start: () => undefined,
    end: (_message, offset) => {
      stoppedAt = offset;
      return false;
    },
  });
  parser.push(Buffer.concat([Buffer.from([2]), Buffer.from([2])]));
  expect(stoppedAt).toBe(1);
});

test('what is no RFB is refused instead of being waited for', () => {
  for (const bytes of [Buffer.from([77]), Buffer.concat([head(1), rect(9999, [])]), Buffer.from([3, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff])]) {
    expect(() => follow([bytes])).toThrow(expect.objectContaining({ code: 'BadRequest' }));
  }
});
