import type { JsonObject } from './json.ts';
import type { ResourceInfo } from './resource.ts';
import type { UserInfo } from './user.ts';

/** What a request asks for, as authorization and audit see it. https://kubernetes.io/docs/reference/access-authn-authz/authorization/ */
export interface RequestAttributes {
  /** get, list, watch, create, update, patch, delete, deletecollection; the lower-case HTTP method for other paths. */
  readonly verb: string;
  readonly path: string;
  /** False for paths such as `/healthz`: then `verb` and `path` are all there is. */
  readonly resourceRequest: boolean;
  readonly group: string;
  readonly version: string;
  /** `''` at the cluster scope. */
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  /** `''` for collections. */
  readonly name: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Whether somebody may do something, and why. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
  /** Problems met on the way that do not decide (a role that does not exist). */
  readonly evaluationError?: string;
}

/** Answers authorization questions; the pipeline, impersonation, escalation checks and access reviews share one. */
export interface Authorizer {
  authorize(attributes: RequestAttributes, user: UserInfo): Decision | Promise<Decision>;
}

/** The peer of a TLS connection: its verified client certificate. */
export interface TlsPeer {
  readonly commonName: string;
  readonly organizations: readonly string[];
}

/** Finds out who asks; `undefined` without credentials (the pipeline then makes it system:anonymous). Throws Unauthorized for bad ones. */
export type Authenticator = (headers: Readonly<Record<string, string>>, peer: TlsPeer | undefined) => Promise<UserInfo | undefined>;

/** What admission does with the object. */
export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/**
 * One write on its way to the store, as admission plugins see it. A PATCH arrives as the UPDATE (or CREATE) that it amounts to,
 * once per attempt. With several attempts (a conflict that the server retries) a plugin sees the write again.
 */
export interface AdmissionCall {
  readonly operation: Operation;
  readonly user: UserInfo;
  /** The resource as requested (its group, version, kind and plural). */
  readonly resource: ResourceInfo;
  readonly subresource: string;
  /** `''` at the cluster scope. */
  readonly namespace: string;
  /** May be `''` at create with generateName. */
  readonly name: string;
  /** The new state, in the requested version. A mutating plugin changes it in place or puts another object here. Absent on DELETE. */
  object: JsonObject | undefined;
  /** The state before. Never changed. Absent on CREATE. */
  readonly old: JsonObject | undefined;
  /** CreateOptions, UpdateOptions, DeleteOptions or the connect options, with apiVersion and kind. */
  readonly options: JsonObject;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  /** Adds a `Warning` header to the answer; the same text is sent once. */
  warn(text: string): void;
  /** Calls back once, when this attempt was persisted (true) or given up (false): releases reservations such as quota. Never in a dry run. */
  settled(callback: (persisted: boolean) => void): void;
}

/** One admission plugin. Its calls throw a LabError (Forbidden, Invalid, …) to refuse. */
export interface AdmissionPlugin {
  readonly name: string;
  handles(call: AdmissionCall): boolean;
  /** Changes `call.object`. Runs before validation. Plugins run in order of the list. */
  mutate?(call: AdmissionCall): void | Promise<void>;
  /** Only looks. Runs after validation. */
  validate?(call: AdmissionCall): void | Promise<void>;
}

/** The chain of admission plugins. */
export interface Admission {
  mutate(call: AdmissionCall): Promise<void>;
  validate(call: AdmissionCall): Promise<void>;
}
