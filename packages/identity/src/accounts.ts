import { type KubeClient, secrets } from '@crownlabs/client';
import { type Clock, hasCode, LabError, rfc3339 } from '@crownlabs/std';
import { generatePassword, hashPassword, passwordFault, passwordMatches } from './password.ts';
import { IDENTITY_NAMESPACE, secretOf, textOf } from './secret.ts';
import { type Claims, claimsOf, type Membership, TENANTS, type Tenant } from './tenant.ts';

/** What the accounts ask of the Kubernetes API. */
export type AccountClient = Pick<KubeClient, 'find' | 'create' | 'replace' | 'apply' | 'patch' | 'delete'>;

/** A person to be: the Tenant and the sign-in record, created together. */
export interface NewUser {
  readonly name: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly workspaces?: readonly Membership[];
  readonly admin?: boolean;
  /** Left out: one is generated. */
  readonly password?: string;
}

/**
 * Who may sign in. A person is a Tenant; the password hash and the admin mark lie in a Secret of the identity's own
 * namespace, out of reach of the person and of whoever may edit Tenants.
 */
export interface Accounts {
  /** The claims of a living Tenant with an account, or nothing. */
  claims(name: string): Promise<Claims | undefined>;
  /** Whether name and password belong together. Takes the same time for names that do not exist. */
  verify(name: string, password: string): Promise<boolean>;
  /** Sets the password, creating the account if need be. Throws Invalid for a weak one. */
  setPassword(name: string, password: string): Promise<void>;
  /** Whether the person is in the group `admin`. Throws NotFound without an account. */
  setAdmin(name: string, admin: boolean): Promise<void>;
  /** Creates or updates the Tenant and its account; answers with the password that was set. */
  createUser(user: NewUser): Promise<{ readonly password: string }>;
  /** Removes the account. The Tenant stays. */
  remove(name: string): Promise<void>;
  /** Notes the time on the Tenant, which is what gives a person a namespace. */
  signedIn(name: string): Promise<void>;
}

interface Account {
  readonly hash?: string;
  readonly admin: boolean;
}

// A Tenant's name is a DNS subdomain; anything else cannot be one and must not reach a URL.
const NAME = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;
const WRITE_TRIES = 5;

/** The accounts behind `client`; works the same from the CLI and inside the provider. */
export function createAccounts(client: AccountClient, clock: Clock): Accounts {
  const secretName = (name: string) => `account-${name}`;

  async function account(name: string): Promise<Account | undefined> {
    if (!NAME.test(name)) return undefined;
    const secret = await client.find(secrets, secretName(name), IDENTITY_NAMESPACE);
    return secret ? accountOf(textOf(secret)) : undefined;
  }

  async function write(name: string, change: (before: Account | undefined) => Account): Promise<void> {
    if (!NAME.test(name)) throw new LabError('Invalid', `"${name}" cannot be a user name: use lower-case letters, digits, dots and dashes`);
    for (let tries = 1; ; tries += 1) {
      const before = await client.find(secrets, secretName(name), IDENTITY_NAMESPACE);
      const after = secretOf(secretName(name), recordOf(change(before && accountOf(textOf(before)))));
      try {
        if (before) await client.replace(secrets, { ...after, metadata: before.metadata });
        else await client.create(secrets, after);
        return;
      } catch (error) {
        if (tries >= WRITE_TRIES || !hasCode(error, 'Conflict', 'AlreadyExists')) throw error;
      }
    }
  }

  async function setPassword(name: string, password: string): Promise<void> {
    const fault = passwordFault(password, name);
    if (fault) throw new LabError('Invalid', fault);
    const hash = await hashPassword(password);
    await write(name, (before) => ({ admin: before?.admin ?? false, hash }));
  }

  return {
    async claims(name) {
      const known = await account(name);
      if (!known) return undefined;
      const tenant = await client.find(TENANTS, name);
      return tenant && !tenant.metadata.deletionTimestamp ? claimsOf(tenant, known.admin) : undefined;
    },
    async verify(name, password) {
      const matches = await passwordMatches(password, (await account(name))?.hash);
      return matches && (await client.find(TENANTS, name)) !== undefined;
    },
    setPassword,
    async setAdmin(name, admin) {
      await write(name, (before) => {
        if (!before) throw new LabError('NotFound', `${name} has no account yet: set a password first`);
        return { ...before, admin };
      });
    },
    async createUser(user) {
      if (!NAME.test(user.name)) throw new LabError('Invalid', `"${user.name}" cannot be a user name`);
      await client.apply<Tenant>(TENANTS, tenantOf(user), { fieldManager: 'crownlabs-user', force: true });
      const password = user.password ?? generatePassword();
      await setPassword(user.name, password);
      if (user.admin !== undefined) await write(user.name, (before) => ({ ...before, admin: user.admin ?? false }));
      return { password };
    },
    remove: (name) => client.delete(secrets, secretName(name), IDENTITY_NAMESPACE),
    async signedIn(name) {
      await client.patch(TENANTS, name, undefined, { spec: { lastLogin: rfc3339(clock.now()) } });
    },
  };
}

function accountOf(values: Record<string, string>): Account {
  const { hash, admin } = values;
  return { admin: admin === 'true', ...(hash ? { hash } : {}) };
}

function recordOf(account: Account): Record<string, string> {
  return { admin: String(account.admin), ...(account.hash ? { hash: account.hash } : {}) };
}

function tenantOf({ name, firstName, lastName, email, workspaces = [] }: NewUser) {
  return {
    apiVersion: `${TENANTS.group}/${TENANTS.version}`,
    kind: TENANTS.kind,
    metadata: { name },
    spec: { firstName, lastName, email, workspaces },
  };
}
