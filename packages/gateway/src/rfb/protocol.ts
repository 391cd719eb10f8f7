/**
 * Numbers of the protocol. https://www.rfc-editor.org/rfc/rfc6143 and the community's version of it,
 * https://github.com/rfbproto/rfbproto/blob/master/rfbproto.rst
 */
export const FROM_SERVER = { update: 0, colourMap: 1, bell: 2, cutText: 3, endOfContinuousUpdates: 150, fence: 248 } as const;

/** Types of a client's messages. */
export const FROM_CLIENT = {
  setPixelFormat: 0,
  setEncodings: 2,
  updateRequest: 3,
  key: 4,
  pointer: 5,
  cutText: 6,
  continuousUpdates: 150,
  fence: 248,
  power: 250,
  setDesktopSize: 251,
  qemu: 255,
} as const;

/** Encodings and pseudo-encodings whose length we know, so that we know where a message ends. */
export const ENCODING = {
  raw: 0,
  copyRect: 1,
  rre: 2,
  hextile: 5,
  zlib: 6,
  tight: 7,
  zrle: 16,
  h264: 50,
  desktopSize: -223,
  lastRect: -224,
  pointerPosition: -232,
  cursor: -239,
  xCursor: -240,
  qemuPointerMotion: -257,
  qemuKeys: -258,
  tightPng: -260,
  ledState: -261,
  desktopName: -307,
  extendedDesktopSize: -308,
  fence: -312,
  continuousUpdates: -313,
  cursorWithAlpha: -314,
  vmwareCursor: 0x574d5664,
  extendedClipboard: 0xc0a1e5ce | 0,
} as const;

const KNOWN: ReadonlySet<number> = new Set<number>(Object.values(ENCODING));

/** Whether an encoding may be offered to a server: it must not send what we cannot measure. */
export function isMeasurable(encoding: number): boolean {
  return KNOWN.has(encoding) || isQuality(encoding) || isCompression(encoding);
}

/** JPEG quality levels of Tight. */
export const isQuality = (encoding: number) => encoding >= -32 && encoding <= -23;

const isCompression = (encoding: number) => encoding >= -256 && encoding <= -247;

/** The SetEncodings message. */
export function setEncodings(encodings: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + encodings.length * 4);
  bytes.writeUInt8(FROM_CLIENT.setEncodings, 0);
  bytes.writeUInt16BE(encodings.length, 2);
  encodings.forEach((encoding, index) => bytes.writeInt32BE(encoding, 4 + index * 4));
  return bytes;
}

/** The encodings of a SetEncodings message. */
export function readEncodings(message: Buffer): number[] {
  return Array.from({ length: message.readUInt16BE(2) }, (_, index) => message.readInt32BE(4 + index * 4));
}

/** The FramebufferUpdateRequest message for the whole screen. */
export function updateRequest({ width, height }: { width: number; height: number }, incremental: boolean): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt8(FROM_CLIENT.updateRequest, 0);
  bytes.writeUInt8(Number(incremental), 1);
  bytes.writeUInt16BE(width, 6);
  bytes.writeUInt16BE(height, 8);
  return bytes;
}
