import type { Duplex } from 'node:stream';
import type { Access, Action, InstanceKey, Person } from '@crownlabs/auth';
import { LabError } from '@crownlabs/std';
import type { Session, Sessions } from '../session/sessions.ts';

/** An open connection that must end with its right. */
export interface Open {
  readonly action: Action;
  readonly key: InstanceKey;
  /** Ends it, saying why. */
  readonly close: (why: 'signed-out' | 'revoked') => void;
}

/** Parts of the connections. */
export interface ConnectionsOptions {
  readonly access: Access;
  readonly sessions: Sessions;
  /** The person as the living Tenant has it; `undefined` when the Tenant is gone. */
  readonly living: (person: Person) => Person | undefined;
}

/** Who may open a connection, and that it ends when the session or the right does. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #bySession = new Map<string, Set<() => void>>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    options.sessions.onEnd((id) => {
      for (const close of this.#bySession.get(id) ?? []) close();
    });
  }

  /** Throws Forbidden, or Unauthorized when the person is gone. */
  async demand(session: Session, action: Action, key: InstanceKey): Promise<void> {
    await this.#options.access.demand(this.#person(session), action, key);
  }

  async may(session: Session, action: Action, key: InstanceKey): Promise<boolean> {
    return this.#options.access.may(this.#person(session), action, key);
  }

  /** Watches over `open` until `socket` closes. */
  track(session: Session, open: Open, socket: Pick<Duplex, 'once' | 'destroyed'>): void {
    const { access, sessions, living } = this.#options;
    if (!sessions.current(session.id) || socket.destroyed) return open.close('signed-out');
    const held = access.hold({
      action: open.action,
      key: open.key,
      person: () => {
        const now = sessions.current(session.id);
        return now && living(now.person);
      },
      lost: () => open.close('revoked'),
    });
    const signedOut = () => open.close('signed-out');
    const closers = this.#bySession.get(session.id) ?? new Set();
    this.#bySession.set(session.id, closers.add(signedOut));
    socket.once('close', () => {
      held[Symbol.dispose]();
      closers.delete(signedOut);
      if (closers.size === 0) this.#bySession.delete(session.id);
    });
  }

  #person(session: Session): Person {
    const person = this.#options.living(session.person);
    if (!person) throw new LabError('Unauthorized', 'Your account is gone.');
    return person;
  }
}
