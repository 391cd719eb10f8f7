/** How a pixel is written on the wire (RFC 6143, 7.4). */
export interface PixelFormat {
  readonly bitsPerPixel: number;
  readonly depth: number;
  readonly bigEndian: boolean;
  readonly trueColour: boolean;
  readonly max: readonly [number, number, number];
  readonly shift: readonly [number, number, number];
}

/** Reads the 16 bytes of a PIXEL_FORMAT. */
export function readPixelFormat(bytes: Buffer): PixelFormat {
  return {
    bitsPerPixel: bytes.readUInt8(0),
    depth: bytes.readUInt8(1),
    bigEndian: bytes.readUInt8(2) !== 0,
    trueColour: bytes.readUInt8(3) !== 0,
    max: [bytes.readUInt16BE(4), bytes.readUInt16BE(6), bytes.readUInt16BE(8)],
    shift: [bytes.readUInt8(10), bytes.readUInt8(11), bytes.readUInt8(12)],
  };
}

/** Bytes of a pixel. */
export function pixelBytes({ bitsPerPixel }: PixelFormat): number {
  return bitsPerPixel >> 3;
}

/** Bytes of a pixel inside a Tight rectangle: three where every colour is one whole byte. */
export function tightPixelBytes(format: PixelFormat): number {
  const wholeBytes = format.trueColour && format.bitsPerPixel === 32 && format.depth === 24 && format.max.every((max) => max === 255);
  return wholeBytes ? 3 : pixelBytes(format);
}

/** 32 bits, red first: what browsers paint without conversion, and what noVNC asks for. */
export const BROWSER_FORMAT: PixelFormat = {
  bitsPerPixel: 32,
  depth: 24,
  bigEndian: false,
  trueColour: true,
  max: [255, 255, 255],
  shift: [0, 8, 16],
};

/** Whether two formats put the same bytes on the wire. */
export function sameFormat(a: PixelFormat, b: PixelFormat): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The SetPixelFormat message. */
export function setPixelFormat({ bitsPerPixel, depth, bigEndian, trueColour, max, shift }: PixelFormat): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt8(bitsPerPixel, 4);
  bytes.writeUInt8(depth, 5);
  bytes.writeUInt8(Number(bigEndian), 6);
  bytes.writeUInt8(Number(trueColour), 7);
  max.forEach((value, index) => bytes.writeUInt16BE(value, 8 + index * 2));
  shift.forEach((value, index) => bytes.writeUInt8(value, 14 + index));
  return bytes;
}
