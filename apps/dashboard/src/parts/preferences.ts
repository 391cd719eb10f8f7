import { Cell, type Live, useLive } from '../wire/live.ts';

/** A choice of the reader that this browser remembers. */
export class Preference<T extends string> {
  readonly #key: string;
  readonly #cell: Cell<T>;

  constructor(name: string, choices: readonly T[], fallback: T) {
    this.#key = `crownlabs.${name}`;
    const stored = localStorage.getItem(this.#key);
    this.#cell = new Cell(choices.find((choice) => choice === stored) ?? fallback);
  }

  get live(): Live<T> {
    return this.#cell;
  }

  set(value: T): void {
    localStorage.setItem(this.#key, value);
    this.#cell.set(value);
  }
}

/** The value of a preference. */
export function usePreference<T extends string>(preference: Preference<T>): T {
  return useLive(preference.live);
}

/** Light, dark, or as the system is. */
export const THEME = new Preference('theme', ['auto', 'light', 'dark'], 'auto');

/** Whether an environment that was just started is opened as soon as it can be. */
export const OPEN_WHEN_READY = new Preference('open-when-ready', ['no', 'yes'], 'no');

/** How the picture of a desktop fits the window. */
export const SCALING = new Preference('desktop-scaling', ['remote', 'local', 'none'], 'remote');

/** How much a picture may cost. */
export const QUALITY = new Preference('desktop-quality', ['high', 'balanced', 'low'], 'balanced');

/** The keyboard that machines think they have, where it is not the reader's own. */
export const MACHINE_KEYBOARD = new Preference('machine-keyboard', ['same', 'us', 'gb', 'it', 'de', 'fr', 'es'], 'same');

/** Whether the two clipboards are kept the same. */
export const CLIPBOARD = new Preference('desktop-clipboard', ['sync', 'manual'], 'sync');

/** Size of a terminal's letters in pixels. */
export const LETTERS = new Preference('terminal-letters', ['12', '14', '16', '18', '22'], '14');

/** Applies a theme to the document. */
export function applyTheme(theme: 'auto' | 'light' | 'dark'): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
