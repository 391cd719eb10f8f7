/** What the directory knows of a person. */
export interface DirectoryUser {
  readonly created: boolean;
  /** Whether the person confirmed the address. */
  readonly confirmed: boolean;
}

/** Who people are for the directory. */
export interface DirectoryPerson {
  readonly name: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
}

/** All that the operators ask of where people and groups are kept. */
export interface Directory {
  /** Finds or makes the account. */
  ensureUser(person: DirectoryPerson): Promise<DirectoryUser>;
  /** Gives the account exactly these roles of workspaces, written `workspace-<ws>:<role>`. */
  setRoles(name: string, roles: readonly string[]): Promise<void>;
  removeUser(name: string): Promise<void>;
  /** Makes the roles that a workspace needs. */
  ensureWorkspace(name: string, prettyName: string): Promise<void>;
  removeWorkspace(name: string): Promise<void>;
  /** Tells whose account changed there, until `signal` aborts; absent where accounts change with their Tenants alone. */
  watch?(changed: (name: string) => void, signal: AbortSignal): void;
}

/** The embedded provider reads Tenants itself, so there is nothing to keep equal: everybody is known and confirmed. */
export const embeddedDirectory: Directory = {
  ensureUser: async () => ({ created: true, confirmed: true }),
  setRoles: async () => undefined,
  removeUser: async () => undefined,
  ensureWorkspace: async () => undefined,
  removeWorkspace: async () => undefined,
};
