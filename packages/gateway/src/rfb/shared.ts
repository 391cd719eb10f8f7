import { LabError, type Logger } from '@crownlabs/std';
import type { ClientMessage } from './client-parser.ts';
import type { ViewerProfile } from './direct.ts';
import { BROWSER_FORMAT, sameFormat, setPixelFormat, tightPixelBytes } from './pixel-format.ts';
import { PressedKeys } from './pressed-keys.ts';
import { ENCODING, FROM_CLIENT, FROM_SERVER, isQuality, setEncodings, updateRequest } from './protocol.ts';
import { rectHeader, ScreenState, type SentRect, update } from './screen-state.ts';
import { type Rect, ServerParser } from './server-parser.ts';
import { TightRewriter } from './tight-rewrite.ts';
import type { ServerInit, Upstream } from './upstream.ts';
import { CLOSE, type Viewer } from './viewer.ts';

interface Member {
  readonly viewer: Viewer;
  readonly keys: PressedKeys;
  /** It could not follow; it gets a whole new picture once it has caught up. */
  behind: boolean;
}

const NEEDED = [ENCODING.tight, ENCODING.copyRect, ENCODING.extendedDesktopSize, ENCODING.continuousUpdates] as const;

// What is asked of the desktop for all: any conforming viewer can read all of it.
const OFFERED: readonly number[] = [
  ENCODING.tight,
  ENCODING.copyRect,
  ENCODING.raw,
  ENCODING.lastRect,
  ENCODING.extendedDesktopSize,
  ENCODING.desktopName,
  ENCODING.vmwareCursor,
  ENCODING.cursor,
  ENCODING.ledState,
  ENCODING.qemuKeys,
  ENCODING.extendedClipboard,
  // Little packing on the short way to us: we pack again for the long one.
  -255,
];

const MOST_WAITING = 32 * 1024 * 1024;

/** Whether a viewer can be one of several on a shared connection. */
export function canShare({ format, encodings }: ViewerProfile): boolean {
  return sameFormat(format, BROWSER_FORMAT) && NEEDED.every((encoding) => encodings.includes(encoding));
}

/** One connection to a desktop for any number of viewers: what arrives is made to stand on its own once, and sent to all. */
export class Shared {
  readonly state: ScreenState;
  readonly #upstream: Upstream;
  readonly #log: Logger;
  readonly #members = new Set<Member>();
  readonly #parser: ServerParser;
  readonly #tight = new TightRewriter(tightPixelBytes(BROWSER_FORMAT));
  #pieces: Buffer[] = [];
  #chunk: Buffer = Buffer.alloc(0);
  #from = 0;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #refreshWanted = false;
  #requested = false;
  #closed = false;

  constructor(upstream: Upstream, quality: number | undefined, log: Logger) {
    this.#upstream = upstream;
    this.#log = log;
    this.state = new ScreenState(upstream.init);
    this.#parser = new ServerParser(BROWSER_FORMAT, {
      start: (_type, offset) => {
        this.#from = offset;
      },
      end: ({ type, rects }, offset) => this.#arrived(type, rects, offset),
    });
    const { socket, first } = upstream;
    socket.on('data', (chunk: Buffer) => this.#fromDesktop(chunk));
    socket.once('close', () => this.close(CLOSE.gone, 'The desktop closed the connection.'));
    socket.write(Buffer.concat([setPixelFormat(BROWSER_FORMAT), setEncodings(quality === undefined ? OFFERED : [...OFFERED, quality])]));
    if (first.length > 0) this.#fromDesktop(first);
    socket.resume();
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Closes when nobody came in after all. */
  closeIfEmpty(): void {
    if (this.#members.size === 0) this.close(CLOSE.normal, '');
  }

  /** What a viewer is welcomed with. */
  get init(): ServerInit {
    const { width, height, name } = this.state;
    return { width, height, name, format: BROWSER_FORMAT };
  }

  /** Takes in a viewer that is past its handshake and has said how it wants its picture. */
  add(viewer: Viewer, { toldContinuous }: ViewerProfile): void {
    const member: Member = { viewer, keys: new PressedKeys(), behind: false };
    const onDrain = () => this.#caughtUp(member);
    this.#members.add(member);
    viewer.onDrain(onDrain);
    viewer.onClose(() => {
      viewer.offDrain(onDrain);
      this.#leave(member);
    });
    // From here on updates come unasked.
    if (!toldContinuous) viewer.send(Buffer.from([FROM_SERVER.endOfContinuousUpdates]));
    viewer.send(this.state.summary());
    if (viewer.control && this.state.clipboard) viewer.send(this.state.clipboard);
    viewer.listen((messages) => this.#fromViewer(member, messages));
    this.#refresh();
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#upstream.socket.destroy();
    void this.#tail.then(() => this.#tight.close());
    for (const { viewer } of this.#members) viewer.close(code, reason);
  }

  #fromDesktop(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#from = 0;
    try {
      this.#parser.push(chunk);
    } catch (error) {
      return this.#broken(error);
    }
    if (this.#from < chunk.length) this.#pieces.push(chunk.subarray(this.#from));
  }

  #arrived(type: number, rects: readonly Rect[], offset: number): boolean {
    const message = Buffer.concat([...this.#pieces, this.#chunk.subarray(this.#from, offset)]);
    this.#pieces = [];
    this.#from = offset;
    this.#waiting += message.length;
    if (this.#waiting > MOST_WAITING) this.#upstream.socket.pause();
    // Unpacking begins now, side by side; sending keeps the order.
    const ready = type === FROM_SERVER.update ? Promise.all(rects.map((rect) => this.#forAll(rect, message))) : undefined;
    ready?.catch(() => undefined);
    this.#tail = this.#tail.then(() => this.#deliver({ type, message, rects, ready })).catch((error: unknown) => this.#broken(error));
    return true;
  }

  async #forAll(rect: Rect, message: Buffer): Promise<SentRect> {
    const content = message.subarray(rect.start, rect.end);
    const bytes = rect.encoding === ENCODING.tight ? await this.#tight.rewrite(rect, content) : content;
    return { encoding: rect.encoding, bytes: Buffer.concat([rectHeader(rect), bytes]) };
  }

  async #deliver(arrived: {
    type: number;
    message: Buffer;
    rects: readonly Rect[];
    ready: Promise<SentRect[]> | undefined;
  }): Promise<void> {
    const sent = await arrived.ready;
    this.#waiting -= arrived.message.length;
    if (this.#waiting < MOST_WAITING / 2) this.#upstream.socket.resume();
    if (sent) {
      arrived.rects.forEach((rect, index) => sent[index] && this.state.note(rect, sent[index]));
      this.#requested = false;
      this.#paint(update(sent));
      this.#ask();
    } else if (arrived.type === FROM_SERVER.bell) {
      for (const { viewer } of this.#members) viewer.send(arrived.message);
    } else if (arrived.type === FROM_SERVER.cutText) {
      this.#copied(arrived.message);
    }
  }

  #paint(picture: Buffer): void {
    for (const member of this.#members) {
      if (member.viewer.isFull) member.behind = true;
      else if (!member.behind) member.viewer.send(picture);
    }
  }

  /** A cut text goes to those in control only: it may hold a password. */
  #copied(message: Buffer): void {
    const extended = message.readInt32BE(4) < 0;
    if (extended && message.length >= 12 && message.readUInt32BE(8) & CLIPBOARD_CAPS) this.state.clipboard = message;
    for (const { viewer } of this.#members) if (viewer.control) viewer.send(message);
  }

  #refresh(): void {
    this.#refreshWanted = true;
    this.#requested = false;
    this.#ask();
  }

  /** Asks for the next change, unless nobody could take it. */
  #ask(): void {
    if (this.#requested || this.#closed || ![...this.#members].some(({ behind }) => !behind)) return;
    this.#requested = true;
    this.#upstream.socket.write(updateRequest(this.state, !this.#refreshWanted));
    this.#refreshWanted = false;
  }

  #caughtUp(member: Member): void {
    if (!member.behind) return;
    member.behind = false;
    member.viewer.send(this.state.summary());
    this.#refresh();
  }

  #fromViewer(member: Member, messages: readonly ClientMessage[]): void {
    const out = messages.filter((message) => this.#admit(member, message)).map(({ bytes }) => bytes);
    if (out.length > 0 && !this.#closed) this.#upstream.socket.write(Buffer.concat(out));
  }

  #admit(member: Member, { type, bytes }: ClientMessage): boolean {
    if (!member.viewer.control) return false;
    member.keys.note(type, bytes);
    switch (type) {
      case FROM_CLIENT.key:
      case FROM_CLIENT.pointer:
      case FROM_CLIENT.qemu:
      case FROM_CLIENT.cutText:
        return true;
      case FROM_CLIENT.setDesktopSize:
        // Two windows of different sizes would pull the screen to and fro: the first in control decides.
        return this.#leader() === member;
      default:
        return false;
    }
  }

  #leader(): Member | undefined {
    const inControl = [...this.#members].filter(({ viewer }) => viewer.control);
    return inControl.toSorted((a, b) => a.viewer.since - b.viewer.since)[0];
  }

  #leave(member: Member): void {
    this.#members.delete(member);
    if (this.#closed) return;
    // Its server end would have let go of them; here nobody else would.
    const released = member.keys.release();
    if (released.length > 0) this.#upstream.socket.write(released);
    this.closeIfEmpty();
    this.#ask();
  }

  #broken(error: unknown): void {
    this.#log.warn('Desktop stream broke', { error: LabError.from(error).message });
    this.close(CLOSE.protocol, 'The desktop sent something that could not be understood.');
  }
}

const CLIPBOARD_CAPS = 1 << 24;

/** The quality that the viewers wish, if any: the best of them. */
export function bestQuality(profiles: readonly ViewerProfile[]): number | undefined {
  const wished = profiles.flatMap(({ encodings }) => encodings.filter(isQuality));
  return wished.length > 0 ? Math.max(...wished) : undefined;
}
