import { backoffMs } from '../wire/backoff.ts';
import { Cell, type Live } from '../wire/live.ts';

/** Who is signed in. */
export interface Me {
  readonly name: string;
  readonly displayName: string;
  readonly email: string;
  readonly groups: readonly string[];
  readonly admin: boolean;
}

/** What the page knows of the sign-in. */
export type SessionState =
  | { state: 'asking' }
  | { state: 'out' }
  | { state: 'in'; me: Me }
  /** Was in; what is on the screen is still of use, but nothing can be asked any more. */
  | { state: 'expired'; me: Me }
  | { state: 'unreachable' };

/** Asks the gateway who is signed in, and hears when that ends. */
export class Session {
  readonly #state = new Cell<SessionState>({ state: 'asking' });
  #asking: Promise<void> | undefined;
  #failures = 0;
  #again: ReturnType<typeof setTimeout> | undefined;

  get live(): Live<SessionState> {
    return this.#state;
  }

  /** Asks again; at most one question is under way. */
  readonly check = (): Promise<void> => {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  };

  async #ask(): Promise<void> {
    clearTimeout(this.#again);
    const before = this.#state.get();
    const known = before.state === 'in' || before.state === 'expired' ? before.me : undefined;
    const found = await whoIsIn().catch(() => 'no answer' as const);
    if (typeof found === 'object') this.#state.set({ state: 'in', me: found });
    else if (found === 'nobody') this.#state.set(known ? { state: 'expired', me: known } : { state: 'out' });
    else if (!known) {
      this.#state.set({ state: 'unreachable' });
      this.#again = setTimeout(this.check, backoffMs(this.#failures++));
    }
  }
}

async function whoIsIn(): Promise<Me | 'nobody' | 'no answer'> {
  const response = await fetch('/auth/me', { headers: { accept: 'application/json' } });
  if (response.ok) return readMe(await response.json());
  return response.status === 401 ? 'nobody' : 'no answer';
}

function readMe(value: unknown): Me {
  const raw = typeof value === 'object' && value !== null ? value : {};
  const text = (key: string) => {
    const found: unknown = Reflect.get(raw, key);
    return typeof found === 'string' ? found : '';
  };
  const groups: unknown = Reflect.get(raw, 'groups');
  const name = text('name');
  return {
    name,
    displayName: text('displayName') || name,
    email: text('email'),
    groups: Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : [],
    admin: Reflect.get(raw, 'admin') === true,
  };
}

/** Where to sign in, and to come back to this very page afterwards. */
export function signInAddress(): string {
  const here = location.pathname + location.search;
  return here === '/' ? '/auth/login' : `/auth/login?return=${encodeURIComponent(here)}`;
}
