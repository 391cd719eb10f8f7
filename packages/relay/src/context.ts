import type { ApiRequest } from '@crownlabs/client';
import type { Attributes } from './access.ts';

/** What resolvers know of the request they answer: whoever asks, and the way to the API with that identity. */
export interface GraphContext {
  readonly bearer: string;
  /** One request to the API as the caller. Throws a GraphQLError that carries the API's own code and reason. */
  call(request: Pick<ApiRequest, 'method' | 'path' | 'headers' | 'body'>): Promise<unknown>;
  /** Whether the caller may do something, as the API's own authorizer says. */
  allowed(attributes: Attributes): Promise<boolean>;
  /** Objects that references led to, so that fifty Instances of one Template read it once. */
  readonly followed: Map<string, Promise<unknown>>;
}
