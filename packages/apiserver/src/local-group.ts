import type { Duplex } from 'node:stream';
import type { LocalResource } from './discovery/groups.ts';
import type { JsonObject } from './json.ts';
import type { UserInfo } from './user.ts';

/** A request for a locally served group; authentication and authorization are behind it. */
export interface LocalRequest {
  readonly method: string;
  readonly namespace: string;
  readonly resource: string;
  readonly name: string;
  readonly subresource: string;
  /** Path segments behind the subresource. */
  readonly rest: readonly string[];
  readonly query: URLSearchParams;
  readonly user: UserInfo;
  body(): Promise<Uint8Array>;
  readonly signal: AbortSignal;
}

/** What a room answers. */
export interface LocalAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

/** An API group that a room of the house serves in process, with discovery and RBAC like any other. Failures are thrown as LabErrors. */
export interface LocalGroup {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly LocalResource[];
  handle(request: LocalRequest): Promise<LocalAnswer>;
  /** A WebSocket upgrade, such as `virtualmachineinstances/vnc`: bytes both ways until either side ends. Absent: upgrades are refused. */
  connect?(request: LocalRequest): Promise<Duplex>;
}
