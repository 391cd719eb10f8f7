import { FitAddon } from '@xterm/addon-fit';
import { type ITheme, Terminal } from '@xterm/xterm';
import { backoffMs } from '../wire/backoff.ts';
import { Cell, type Live } from '../wire/live.ts';

/** How a shell is doing. */
export type ShellState = { state: 'connecting' } | { state: 'connected' } | { state: 'disconnected' } | { state: 'ended'; code: number };

const THEME: ITheme = {
  background: '#0b0e16',
  foreground: '#e6eaf6',
  cursor: '#98a4ff',
  selectionBackground: '#3c4680',
  black: '#2a3042',
  red: '#ff8f9f',
  green: '#6fdcc7',
  yellow: '#f1c46b',
  blue: '#98a4ff',
  magenta: '#e0a0f0',
  cyan: '#7fd0f0',
  white: '#e6eaf6',
  brightBlack: '#7d87a3',
  brightRed: '#ffb0bb',
  brightGreen: '#9cecdc',
  brightYellow: '#ffdc98',
  brightBlue: '#b9c1ff',
  brightMagenta: '#efc0fa',
  brightCyan: '#a8e3fa',
  brightWhite: '#ffffff',
};

const OWN_FONT = "'Atkinson Hyperlegible Mono Variable'";
const FONTS = "ui-monospace, 'DejaVu Sans Mono', monospace";

interface ShellOptions {
  readonly url: string;
  readonly letters: number;
  readonly label: string;
  readonly mayRetry: () => Promise<boolean>;
}

/** A terminal on the screen and the shell behind it. Bytes travel as binary messages, sizes and the end as JSON. */
export class TerminalLink {
  readonly #options: ShellOptions;
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #state = new Cell<ShellState>({ state: 'connecting' });
  readonly #sizes: ResizeObserver;
  #socket: WebSocket | undefined;
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(target: HTMLElement, options: ShellOptions) {
    this.#options = options;
    this.#terminal = new Terminal({
      theme: THEME,
      fontFamily: FONTS,
      fontSize: options.letters,
      cursorBlink: true,
      scrollback: 10_000,
      screenReaderMode: true,
      macOptionIsMeta: true,
    });
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.open(target);
    this.#terminal.textarea?.setAttribute('aria-label', options.label);
    const encoder = new TextEncoder();
    this.#terminal.onData((text) => this.#send(encoder.encode(text)));
    this.#terminal.onBinary((text) => this.#send(Uint8Array.from(text, (character) => character.charCodeAt(0))));
    this.#terminal.onResize((size) => this.#send(JSON.stringify({ type: 'resize', ...size })));
    this.#sizes = new ResizeObserver(() => this.#fit.fit());
    this.#sizes.observe(target);
    void this.#dress();
    this.connect();
  }

  /** Letters are measured when their font is named: named before it has come, another one would be, and rows and columns be wrong. */
  async #dress(): Promise<void> {
    const found = await document.fonts.load(`1em ${OWN_FONT}`).catch(() => []);
    if (this.#closed || found.length === 0) return;
    this.#terminal.options.fontFamily = `${OWN_FONT}, ${FONTS}`;
    this.#fit.fit();
  }

  get state(): Live<ShellState> {
    return this.#state;
  }

  /** Size of the letters in pixels. */
  setLetters(pixels: number): void {
    this.#terminal.options.fontSize = pixels;
    this.#fit.fit();
  }

  focus(): void {
    this.#terminal.focus();
  }

  /** Opens a shell; after an end or a broken line, another one. */
  connect(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#state.set({ state: 'connecting' });
    const socket = new WebSocket(this.#options.url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.addEventListener('open', () => this.#opened());
    socket.addEventListener('message', ({ data }) => this.#receive(data));
    socket.addEventListener('close', () => socket === this.#socket && this.#lost());
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#sizes.disconnect();
    this.#socket?.close();
    this.#terminal.dispose();
  }

  #opened(): void {
    this.#attempts = 0;
    this.#state.set({ state: 'connected' });
    this.#fit.fit();
    const { cols, rows } = this.#terminal;
    this.#send(JSON.stringify({ type: 'resize', cols, rows }));
    this.#terminal.focus();
  }

  #receive(data: unknown): void {
    if (data instanceof ArrayBuffer) this.#terminal.write(new Uint8Array(data));
    else if (typeof data === 'string') this.#control(data);
  }

  #control(text: string): void {
    try {
      const message: unknown = JSON.parse(text);
      if (typeof message !== 'object' || message === null || Reflect.get(message, 'type') !== 'exit') return;
      const code: unknown = Reflect.get(message, 'code');
      this.#state.set({ state: 'ended', code: typeof code === 'number' ? code : 0 });
    } catch {
      // Not ours: a text that is no message changes nothing.
    }
  }

  #send(data: Uint8Array<ArrayBuffer> | string): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(data);
  }

  #lost(): void {
    if (this.#closed || this.#state.get().state === 'ended') return;
    this.#state.set({ state: 'disconnected' });
    this.#timer = setTimeout(() => void this.#retry(), backoffMs(this.#attempts));
    this.#attempts += 1;
  }

  async #retry(): Promise<void> {
    if (await this.#options.mayRetry()) this.connect();
  }
}
