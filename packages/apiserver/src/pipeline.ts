import type { Clock, Logger } from '@crownlabs/std';
import type { VirtualHandler } from './authz/index.ts';
import type { Admission, Authenticator, Authorizer, RequestAttributes } from './call.ts';
import type { Answer, Incoming } from './exchange.ts';
import type { Registry } from './registry.ts';
import type { ResourceInfo, WriteContext } from './resource.ts';
import type { Objects } from './storage/objects.ts';
import type { UserInfo } from './user.ts';
import type { Warnings } from './warnings.ts';

/** What the verbs stand on. */
export interface Api {
  readonly objects: Objects;
  readonly registry: Registry;
  readonly authenticate: Authenticator;
  readonly authorizer: Authorizer;
  readonly admission: Admission;
  /** Answers of creates that store nothing, by `group/resource[/subresource]`. */
  readonly virtual: ReadonlyMap<string, VirtualHandler>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One request inside the pipeline. */
export interface Call {
  readonly incoming: Incoming;
  readonly query: URLSearchParams;
  readonly attributes: RequestAttributes;
  /** Path segments behind the subresource. */
  readonly rest: readonly string[];
  /** Whether the path is that of one object. */
  readonly named: boolean;
  readonly user: UserInfo;
  readonly warnings: Warnings;
}

/** A request for a resource that is served. */
export interface ResourceCall extends Call {
  readonly info: ResourceInfo;
}

/** Answers one verb on one resource. */
export type Verb = (api: Api, call: ResourceCall) => Promise<Answer>;

/** What the strategies of a kind are told of a write. */
export function writeContext(api: Api, call: Call, namespace: string): WriteContext {
  return {
    user: call.user,
    now: api.clock.now(),
    ...(namespace === '' ? {} : { namespace }),
    subresource: call.attributes.subresource,
    warn: (text) => call.warnings.add(text),
  };
}
