import type { Answer } from './exchange.ts';
import type { Call } from './pipeline.ts';

/** Answers requests outside the resources: discovery, OpenAPI, health, and groups that another room serves. */
export interface Paths {
  answer(call: Call): Promise<Answer> | Answer;
  /** The answer of a locally served group, if the call is for one. */
  local(call: Call): Promise<Answer> | undefined;
}

/** Answers one path. `rest` is what follows the path that it was registered for. */
export type PathHandler = (call: Call, rest: string) => Promise<Answer> | Answer;

/** Paths and what answers them; a path that ends in `/` answers all below it. */
export class PathTable {
  readonly #exact = new Map<string, PathHandler>();
  readonly #unlisted = new Map<string, PathHandler>();
  readonly #below: { prefix: string; handler: PathHandler }[] = [];

  add(path: string, handler: PathHandler): void {
    if (path.length > 1 && path.endsWith('/')) this.#below.push({ prefix: path, handler });
    else this.#exact.set(path, handler);
  }

  /** Answers a path that `/` does not list, because it is not Kubernetes'. */
  addUnlisted(path: string, handler: PathHandler): void {
    this.#unlisted.set(path, handler);
  }

  find(path: string): { handler: PathHandler; rest: string } | undefined {
    const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    const exact = this.#exact.get(trimmed) ?? this.#unlisted.get(trimmed);
    if (exact) return { handler: exact, rest: '' };
    const below = this.#below.find(({ prefix }) => path.startsWith(prefix));
    return below && { handler: below.handler, rest: path.slice(below.prefix.length) };
  }

  /** What `/` lists. */
  paths(): string[] {
    return [...this.#exact.keys(), ...this.#below.map(({ prefix }) => prefix.slice(0, -1))].filter((path) => path !== '/');
  }
}
