/**
 * The end of a turn of the event loop. Answers that are ready within the turn in which they were asked for leave together then:
 * a client that is woken for each of them costs both sides more than the answers do.
 */
export class TurnEnd {
  #coming: Promise<void> | undefined;

  /** Resolves when everything that had arrived by now was looked at. To be taken before work begins, not after it. */
  coming(): Promise<void> {
    this.#coming ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#coming = undefined;
        resolve();
      });
    });
    return this.#coming;
  }
}
