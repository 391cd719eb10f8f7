import { StatusError } from './status-error.ts';

const MOST_PER_USER = 400;

/** How many requests each user has in the pipeline now: nobody may fill it alone. Watches count only until they have begun. */
export class InFlight {
  readonly #byUser = new Map<string, number>();

  enter(user: string): void {
    const now = this.#byUser.get(user) ?? 0;
    if (now >= MOST_PER_USER) {
      throw new StatusError('TooManyRequests', 'too many requests of yours are being answered; please try again later', {
        details: { retryAfterSeconds: 1 },
      });
    }
    this.#byUser.set(user, now + 1);
  }

  leave(user: string): void {
    const left = (this.#byUser.get(user) ?? 1) - 1;
    if (left > 0) this.#byUser.set(user, left);
    else this.#byUser.delete(user);
  }
}
