/** What came over the wire, read with care: a field that is missing or of another type is simply not there. */
export class Wire {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  /** The member at `path`, whatever it is. */
  at(...path: readonly string[]): Wire {
    let value = this.#value;
    for (const key of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
    return new Wire(value);
  }

  text(): string | undefined {
    return typeof this.#value === 'string' ? this.#value : undefined;
  }

  flag(): boolean | undefined {
    return typeof this.#value === 'boolean' ? this.#value : undefined;
  }

  number(): number | undefined {
    return typeof this.#value === 'number' ? this.#value : undefined;
  }

  /** A quantity, as number or text. */
  amount(): string | number | undefined {
    return this.text() ?? this.number();
  }

  list(): Wire[] {
    return Array.isArray(this.#value) ? this.#value.map((item) => new Wire(item)) : [];
  }

  /** A time in milliseconds. */
  time(): number | undefined {
    const text = this.text();
    const ms = text === undefined ? Number.NaN : Date.parse(text);
    return Number.isNaN(ms) ? undefined : ms;
  }
}
