import RFB from '@novnc/novnc';
import { backoffMs } from '../wire/backoff.ts';
import { Cell, type Live } from '../wire/live.ts';
import { LayoutKeys } from './layout-keys.ts';
import type { LayoutName } from './layouts.ts';

/** How the connection to a desktop is doing. */
export type LinkState = { state: 'connecting' } | { state: 'connected' } | { state: 'disconnected'; retryAt: number };

/** How the picture is shown and what it may cost. */
export interface PictureSettings {
  readonly scaling: 'remote' | 'local' | 'none';
  readonly quality: 'high' | 'balanced' | 'low';
}

const QUALITY = { high: [9, 1], balanced: [6, 2], low: [2, 9] } as const;

interface LinkOptions {
  readonly url: string;
  readonly viewOnly: boolean;
  /** The keyboard that a machine has; absent where characters arrive as such. */
  readonly keyboard: (() => LayoutName | 'same') | undefined;
  /** Asked before each further attempt: a right or a session may have ended. */
  readonly mayRetry: () => Promise<boolean>;
}

/** A desktop on the screen: connects, and connects again when the line breaks, until it is closed. */
export class DesktopLink {
  readonly #options: LinkOptions;
  readonly #target: HTMLElement;
  readonly #state = new Cell<LinkState>({ state: 'connecting' });
  readonly #clipboard = new Cell('');
  #picture: PictureSettings;
  #rfb: RFB | undefined;
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(target: HTMLElement, picture: PictureSettings, options: LinkOptions) {
    this.#target = target;
    this.#picture = picture;
    this.#options = options;
    this.#connect();
  }

  get state(): Live<LinkState> {
    return this.#state;
  }

  /** What was last copied on the desktop. */
  get clipboard(): Live<string> {
    return this.#clipboard;
  }

  /** The protocol's own object, while there is a connection to speak over. */
  get rfb(): RFB | undefined {
    return this.#state.get().state === 'connected' ? this.#rfb : undefined;
  }

  show(picture: PictureSettings): void {
    this.#picture = picture;
    if (this.#rfb) this.#apply(this.#rfb);
  }

  reconnect(): void {
    clearTimeout(this.#timer);
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#rfb?.disconnect();
  }

  #connect(): void {
    if (this.#closed) return;
    this.#state.set({ state: 'connecting' });
    this.#target.replaceChildren();
    const rfb = new RFB(this.#target, this.#options.url, { shared: true, wsProtocols: ['binary'] });
    this.#rfb = rfb;
    this.#translate(rfb);
    this.#apply(rfb);
    rfb.addEventListener('connect', () => {
      this.#attempts = 0;
      this.#state.set({ state: 'connected' });
      performance.mark('desktop-connected');
      if (document.activeElement === document.body) rfb.focus({ preventScroll: true });
    });
    rfb.addEventListener('clipboard', (event) => this.#clipboard.set(textOf(event)));
    rfb.addEventListener('disconnect', () => {
      if (this.#rfb === rfb) this.#lost();
    });
  }

  #translate(rfb: RFB): void {
    const { keyboard } = this.#options;
    if (!keyboard) return;
    const keys = new LayoutKeys({ sendKey: rfb.sendKey.bind(rfb) }, keyboard);
    rfb.sendKey = (keysym, code, down) => keys.send(keysym, code, down);
  }

  #apply(rfb: RFB): void {
    const { scaling, quality } = this.#picture;
    const [level, compression] = QUALITY[quality];
    rfb.viewOnly = this.#options.viewOnly;
    rfb.resizeSession = scaling === 'remote' && !this.#options.viewOnly;
    rfb.scaleViewport = scaling !== 'none';
    rfb.showDotCursor = true;
    rfb.qualityLevel = level;
    rfb.compressionLevel = compression;
    rfb.background = 'transparent';
  }

  #lost(): void {
    this.#rfb = undefined;
    if (this.#closed) return;
    const wait = backoffMs(this.#attempts);
    this.#attempts += 1;
    this.#state.set({ state: 'disconnected', retryAt: Date.now() + wait });
    this.#timer = setTimeout(() => void this.#retry(), wait);
  }

  async #retry(): Promise<void> {
    if (await this.#options.mayRetry()) this.#connect();
  }
}

function textOf(event: Event): string {
  const detail: unknown = event instanceof CustomEvent ? event.detail : undefined;
  const text: unknown = typeof detail === 'object' && detail !== null ? Reflect.get(detail, 'text') : undefined;
  return typeof text === 'string' ? text : '';
}
