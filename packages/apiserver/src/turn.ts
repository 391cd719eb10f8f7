import { setImmediate } from 'node:timers/promises';

const MOST_MS = 8;

/** Long work done in short turns, so that others are served in between. */
export class Turn {
  #began = performance.now();

  /** Whether it is time to let others in. */
  get over(): boolean {
    return performance.now() - this.#began > MOST_MS;
  }

  async yield(): Promise<void> {
    await setImmediate();
    this.#began = performance.now();
  }
}
