import { LabError, type Logger, messageOf } from '@crownlabs/std';
import type { ClientMessage } from './client-parser.ts';
import { Direct, type ViewerProfile } from './direct.ts';
import { BROWSER_FORMAT, readPixelFormat, setPixelFormat } from './pixel-format.ts';
import { FROM_CLIENT, readEncodings } from './protocol.ts';
import { bestQuality, canShare, Shared } from './shared.ts';
import type { Upstream } from './upstream.ts';
import type { Viewer } from './viewer.ts';

/** Parts of a desktop. */
export interface DesktopOptions {
  readonly reach: (signal: AbortSignal) => Promise<Upstream>;
  readonly log: Logger;
  /** Called when the last viewer left. */
  readonly onEmpty: () => void;
}

const CONNECT_MS = 10_000;
const LEAVE_MS = 3_000;

/**
 * One environment's desktop and whoever looks at it. Alone, a viewer has the desktop's own stream, untouched. As soon as
 * there is a second one, all move over to one shared connection, the first in the middle of its stream and unnoticed.
 */
export class Desktop {
  readonly #options: DesktopOptions;
  readonly #directs = new Set<Direct>();
  #shared: Shared | undefined;
  #viewers = 0;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: DesktopOptions) {
    this.#options = options;
  }

  /** Serves `viewer` once `greeted`; resolves when its picture is on the way. */
  async join(viewer: Viewer, greeted: Promise<void>, signal: AbortSignal): Promise<void> {
    this.#viewers += 1;
    viewer.onClose(() => {
      this.#viewers -= 1;
      if (this.#viewers === 0) this.#options.onEmpty();
    });
    const shared = await this.#inTurn(() => this.#openFor(viewer, greeted, signal));
    if (!shared) return;
    viewer.onClose(() => shared.closeIfEmpty());
    await greeted;
    viewer.welcome(shared.init);
    const { profile, messages } = await introduction(viewer, AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]));
    await this.#inTurn(() => this.#addTo(shared, { viewer, profile, messages, signal }));
  }

  /** Joins change how the others are served, so they are made one after the other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work);
    this.#tail = done.catch(() => undefined);
    return done;
  }

  /** A connection for this viewer alone; or, when it is not alone, the shared one. */
  async #openFor(viewer: Viewer, greeted: Promise<void>, signal: AbortSignal): Promise<Shared | undefined> {
    signal.throwIfAborted();
    if (this.#isShared() || this.#directs.size > 0) return this.#openShared();
    const [upstream] = await Promise.all([this.#options.reach(signal), greeted]);
    viewer.welcome(upstream.init);
    this.#direct(viewer, upstream);
    return undefined;
  }

  async #addTo(
    shared: Shared,
    joining: { viewer: Viewer; profile: ViewerProfile; messages: ClientMessage[]; signal: AbortSignal },
  ): Promise<void> {
    const { viewer, profile, messages, signal } = joining;
    signal.throwIfAborted();
    if (!canShare(profile)) {
      // A viewer of another make is served as if it were alone, beside the others.
      shared.closeIfEmpty();
      return this.#direct(viewer, await this.#options.reach(signal), messages);
    }
    shared.add(viewer, profile);
    await Promise.all([...this.#directs].map((direct) => this.#moveOver(direct, shared)));
  }

  async #openShared(): Promise<Shared> {
    if (this.#shared && this.#isShared()) return this.#shared;
    const upstream = await this.#options.reach(AbortSignal.timeout(CONNECT_MS));
    const profiles = [...this.#directs].map(({ profile }) => profile).filter((profile) => profile !== undefined);
    this.#shared = new Shared(upstream, bestQuality(profiles), this.#options.log);
    return this.#shared;
  }

  async #moveOver(direct: Direct, shared: Shared): Promise<void> {
    const { profile } = direct;
    if (!profile || !canShare(profile)) return;
    try {
      await direct.leave(AbortSignal.timeout(LEAVE_MS));
      this.#directs.delete(direct);
      shared.add(direct.viewer, direct.profile ?? profile);
    } catch (error) {
      // It stays on its own connection, which is as good for it.
      this.#options.log.info('Viewer kept its own connection to the desktop', { reason: messageOf(error) });
    }
  }

  #isShared(): boolean {
    return this.#shared !== undefined && !this.#shared.isClosed;
  }

  #direct(viewer: Viewer, upstream: Upstream, early: readonly ClientMessage[] = []): void {
    const direct = new Direct(viewer, upstream);
    this.#directs.add(direct);
    viewer.onClose(() => this.#directs.delete(direct));
    direct.run(early);
  }
}

/** What a viewer says of itself before its first request for a picture. It was welcomed with the browser's format. */
function introduction(viewer: Viewer, signal: AbortSignal): Promise<{ profile: ViewerProfile; messages: ClientMessage[] }> {
  return new Promise((resolve, reject) => {
    const messages: ClientMessage[] = [{ type: FROM_CLIENT.setPixelFormat, bytes: setPixelFormat(BROWSER_FORMAT) }];
    let format = BROWSER_FORMAT;
    let encodings: readonly number[] = [];
    signal.addEventListener('abort', () => reject(LabError.from(signal.reason, 'Timeout')), { once: true });
    viewer.listen((arrived) => {
      for (const message of arrived) {
        messages.push(message);
        const { type, bytes } = message;
        if (type === FROM_CLIENT.setPixelFormat) format = readPixelFormat(bytes.subarray(4));
        if (type === FROM_CLIENT.setEncodings) encodings = readEncodings(bytes);
        if (type === FROM_CLIENT.updateRequest) resolve({ profile: { format, encodings, toldContinuous: false }, messages });
      }
    });
  });
}
