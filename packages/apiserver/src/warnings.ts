const TOTAL = 4096;
const CUT = 256;

/** The `Warning` headers of one answer: each text once, and never more than a client can take. */
export class Warnings {
  readonly #texts = new Set<string>();

  add(text: string): void {
    if (text !== '') this.#texts.add(text);
  }

  /** The header's value, or `undefined` without warnings. */
  header(): string | undefined {
    if (this.#texts.size === 0) return undefined;
    const texts = [...this.#texts].map(clean);
    const long = texts.reduce((sum, text) => sum + text.length, 0) > TOTAL;
    const shown: string[] = [];
    let length = 0;
    for (const text of texts) {
      const cut = long ? Array.from(text).slice(0, CUT).join('') : text;
      length += cut.length;
      if (length > TOTAL) break;
      shown.push(`299 - "${cut.replaceAll(/["\\]/g, (character) => `\\${character}`)}"`);
    }
    return shown.join(', ');
  }
}

function clean(text: string): string {
  // Headers are bytes: control characters would break them, and what is not Latin goes as UTF-8.
  return Buffer.from(text.replaceAll(/\p{Cc}/gu, ' ')).toString('latin1');
}
