import { type Clock, LabError, type Logger, messageOf, silent, systemClock } from '@crownlabs/std';
import KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import { adminToken, type KeycloakCredentials } from './admin-token.ts';
import { ensureRealm, ensureRolesClient, type RealmOptions } from './realm.ts';

/** What a directory in Keycloak is made from. */
export interface KeycloakOptions extends RealmOptions {
  /** Without /realms. */
  readonly url: string;
  readonly credentials: KeycloakCredentials;
  readonly clock?: Clock;
  readonly log?: Logger;
}

/** A person, as Tenants describe them. */
export interface KeycloakPerson {
  readonly name: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
}

/** People and memberships kept equal in a realm of Keycloak. Every failure is a LabError; while Keycloak is away, calls fail at once. */
export interface KeycloakDirectory {
  ensureUser(person: KeycloakPerson): Promise<{ created: boolean; confirmed: boolean }>;
  setRoles(name: string, roles: readonly string[]): Promise<void>;
  removeUser(name: string): Promise<void>;
  ensureWorkspace(name: string, prettyName: string): Promise<void>;
  removeWorkspace(name: string): Promise<void>;
  /** Tells whose account changed there (an address confirmed, an edit by an administrator), until `signal` aborts. */
  watch(changed: (name: string) => void, signal: AbortSignal): void;
}

const ACTIONS = ['UPDATE_PASSWORD', 'VERIFY_EMAIL'];
const LINK_SECONDS = 30 * 86_400;
const REST = { leastMs: 1_000, mostMs: 60_000 };
const LOOK_EVERY_MS = 5_000;
/** Events come the newest first. */
const LATEST = 200;

/** Opens the directory; the realm and the client are made at the first call, where they are missing. */
export function keycloakDirectory(options: KeycloakOptions): KeycloakDirectory {
  return new Keycloak(options);
}

class Keycloak implements KeycloakDirectory {
  readonly #options: KeycloakOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #admin: KeycloakAdminClient;
  #client: Promise<string> | undefined;
  #away: { readonly until: number; readonly restMs: number } | undefined;

  constructor(options: KeycloakOptions) {
    const { url, realm, credentials, clock = systemClock, log = silent } = options;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#admin = new KeycloakAdminClient({ baseUrl: url, realmName: realm, timeout: 10_000 });
    const token = adminToken(url, credentials, () => clock.now());
    this.#admin.registerTokenProvider({ getAccessToken: token });
  }

  async ensureUser({ name, email, firstName, lastName }: KeycloakPerson): Promise<{ created: boolean; confirmed: boolean }> {
    return this.#ask(async ({ realm }) => {
      const found = await this.#find(name);
      if (!found) {
        const user = { username: name, email, firstName, lastName, emailVerified: false, enabled: true, requiredActions: ACTIONS };
        const { id } = await this.#admin.users.create({ realm, ...user });
        await this.#invite(id, name);
        return { created: true, confirmed: false };
      }
      const { id = '', emailVerified = false } = found;
      const moved = found.email?.toLowerCase() !== email.toLowerCase();
      if (moved || found.firstName !== firstName || found.lastName !== lastName) {
        const changes = { email, firstName, lastName, ...(moved ? { emailVerified: false } : {}) };
        await this.#admin.users.update({ realm, id }, { ...found, ...changes });
        if (moved) await this.#invite(id, name);
      }
      return { created: true, confirmed: emailVerified && !moved };
    });
  }

  async setRoles(name: string, roles: readonly string[]): Promise<void> {
    await this.#ask(async ({ realm }, client) => {
      const user = await this.#find(name);
      if (!user?.id) throw new LabError('NotFound', `Keycloak has no user ${name}`);
      const at = { realm, id: user.id, clientUniqueId: client };
      const has = await this.#admin.users.listClientRoleMappings(at);
      const surplus = has.filter((it) => it.name?.startsWith('workspace-') === true && !roles.includes(it.name));
      const missing = roles.filter((role) => !has.some((it) => it.name === role));
      const added = await Promise.all(missing.map((role) => this.#role(client, role)));
      if (surplus.length > 0) await this.#admin.users.delClientRoleMappings({ ...at, roles: surplus.map(named) });
      if (added.length > 0) await this.#admin.users.addClientRoleMappings({ ...at, roles: added.map(named) });
    });
  }

  async removeUser(name: string): Promise<void> {
    await this.#ask(async ({ realm }) => {
      const user = await this.#find(name);
      if (user?.id) await this.#admin.users.del({ realm, id: user.id });
    });
  }

  async ensureWorkspace(name: string, prettyName: string): Promise<void> {
    await this.#ask(async (_options, client) => {
      await this.#role(client, `workspace-${name}:manager`, `${prettyName} Manager Role`);
      await this.#role(client, `workspace-${name}:user`, `${prettyName} User Role`);
    });
  }

  async removeWorkspace(name: string): Promise<void> {
    await this.#ask(async ({ realm }, client) => {
      for (const role of ['manager', 'user']) {
        const at = { realm, id: client, roleName: `workspace-${name}:${role}` };
        if (await this.#admin.clients.findRole(at)) await this.#admin.clients.delRole(at);
      }
    });
  }

  watch(changed: (name: string) => void, signal: AbortSignal): void {
    void this.#follow(changed, signal);
  }

  async #follow(changed: (name: string) => void, signal: AbortSignal): Promise<void> {
    let since = this.#clock.now();
    while (!signal.aborted) {
      await this.#clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      const from = since;
      since = this.#clock.now();
      const names = await this.#changedSince(from).catch(() => undefined);
      // What could not be read is read with the next look.
      if (!names) since = from;
      for (const name of names ?? []) changed(name);
    }
  }

  async #changedSince(from: number): Promise<Set<string>> {
    return this.#ask(async ({ realm }) => {
      const [own, byAdministrators] = await Promise.all([
        this.#admin.realms.findEvents({ realm, max: LATEST }),
        this.#admin.realms.findAdminEvents({ realm, resourceTypes: 'USER', max: LATEST }),
      ]);
      const recent = ({ time = 0 }: { time?: number }) => time >= from - 1_000;
      const ids = [
        ...own.filter(recent).map(({ userId }) => userId),
        ...byAdministrators.filter(recent).map(({ resourcePath }) => /^users\/([^/]+)/.exec(resourcePath ?? '')?.[1]),
      ];
      const users = await Promise.all([...new Set(ids)].flatMap((id) => (id ? [this.#admin.users.findOne({ realm, id })] : [])));
      return new Set(users.flatMap((user) => (user?.username ? [user.username] : [])));
    });
  }

  /** The mail is a service: without a mail server people set their password with whoever gives them the first one. */
  async #invite(id: string, name: string): Promise<void> {
    const { realm } = this.#options;
    try {
      await this.#admin.users.executeActionsEmail({ realm, id, lifespan: LINK_SECONDS, actions: ACTIONS });
    } catch (error) {
      this.#log.warn('Keycloak did not send the first mail', { user: name, error: messageOf(error) });
    }
  }

  async #find(name: string) {
    const found = await this.#admin.users.find({ realm: this.#options.realm, username: name, exact: true });
    return found.find(({ username }) => username === name.toLowerCase());
  }

  async #role(client: string, name: string, description?: string) {
    const { realm } = this.#options;
    const at = { realm, id: client, roleName: name };
    const found = await this.#admin.clients.findRole(at);
    if (!found) await this.#admin.clients.createRole({ realm, id: client, name, ...(description ? { description } : {}) });
    else if (description !== undefined && found.description !== description)
      await this.#admin.clients.updateRole(at, { ...found, description });
    return found ?? this.#admin.clients.findRole(at);
  }

  /** After a failure Keycloak is left alone for a while: its outage must not hold up what does not need it. */
  async #ask<T>(work: (options: KeycloakOptions, client: string) => Promise<T>): Promise<T> {
    const now = this.#clock.now();
    if (this.#away && now < this.#away.until) throw new LabError('ServiceUnavailable', 'Keycloak does not answer; it is asked again soon');
    try {
      const result = await work(this.#options, await this.#opened());
      this.#away = undefined;
      return result;
    } catch (error) {
      if (error instanceof LabError && error.code === 'NotFound') throw error;
      if (!isAnswer(error)) {
        const restMs = Math.min(REST.mostMs, (this.#away?.restMs ?? REST.leastMs / 2) * 2);
        this.#away = { until: this.#clock.now() + restMs, restMs };
      }
      throw LabError.from(error, 'ServiceUnavailable');
    }
  }

  async #opened(): Promise<string> {
    this.#client ??= ensureRealm(this.#admin, this.#options).then(() => ensureRolesClient(this.#admin, this.#options));
    try {
      return await this.#client;
    } catch (error) {
      this.#client = undefined;
      throw error;
    }
  }
}

/** Keycloak answered, and did not like what it was asked: it is there. */
function isAnswer(error: unknown): boolean {
  return error instanceof Error && 'response' in error && !(error.response instanceof Response && error.response.status >= 500);
}

function named(role: { readonly id?: string; readonly name?: string } | null | undefined): { id: string; name: string } {
  if (role?.id === undefined || role.name === undefined)
    throw new LabError('NotFound', 'Keycloak has lost a role that it had a moment ago');
  return { id: role.id, name: role.name };
}
