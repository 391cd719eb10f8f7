import { isObject, type Json } from '../../src/json.ts';

/** The variables of one run of a case: what it was given, and what it captured. */
export class Variables {
  readonly #values = new Map<string, string>();

  constructor(given: Readonly<Record<string, string>>) {
    for (const [name, value] of Object.entries(given)) this.#values.set(name, value);
  }

  set(name: string, value: string): void {
    this.#values.set(name, value);
  }

  get(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`nothing was captured as ${name}`);
    return value;
  }

  /** The text, with `${name}` replaced by values. */
  text(template: string): string {
    return template.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => this.get(name));
  }

  /** Every text in it filled in, keys as well. */
  filled<T>(template: T): T {
    return mapTexts(template, (text) => this.text(text));
  }

  /** The way back: values of this run become `${name}`, so that an answer reads like the recorded one. */
  fold<T extends Json | undefined>(value: T): T {
    const known = [...this.#values].filter(([, text]) => telling(text)).toSorted(([, a], [, b]) => b.length - a.length);
    return mapTexts(value, (text) => known.reduce((folded, [name, one]) => folded.replaceAll(one, () => `\${${name}}`), text));
  }
}

/** Short texts, numbers, times and addresses occur by chance. */
function telling(text: string): boolean {
  return text.length >= 5 && !/^\d+$/.test(text) && !/^\d{4}-\d\d-\d\dT/.test(text) && !/^\d+(\.\d+){3}$/.test(text);
}

function mapTexts<T>(value: T, change: (text: string) => string): T;
function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item: unknown) => mapTexts(item, change));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), mapTexts(item, change)]));
}
