/** Owns what was opened; closes it last first. Made by {@link scope}, released by `await using`. */
export interface Scope extends AsyncDisposable {
  /** Runs `close` when the scope ends. Every deferred close runs, even if another one throws. */
  defer(close: () => void | Promise<void>): void;
  /** Defers the disposal of `resource` and returns it. */
  use<T extends AsyncDisposable | Disposable>(resource: T): T;
}

/** A new, empty scope. */
export function scope(): Scope {
  const stack = new AsyncDisposableStack();
  return {
    defer: (close) => stack.defer(close),
    use: (resource) => stack.use(resource),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
