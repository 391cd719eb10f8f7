import type { IncomingMessage, ServerResponse } from 'node:http';
import { LabError, type Logger, messageOf } from '@crownlabs/std';
import { execute, GraphQLError, getOperationAST, OperationTypeNode, printSchema } from 'graphql';
import { bearerOf } from './bearer.ts';
import type { Graph } from './graph.ts';
import { isObject, stringOf } from './json.ts';
import { presentable, RequestErrors, readDocument } from './operation.ts';

const LARGEST_BODY = 256 * 1024;
const STANDARD = 'application/graphql-response+json';

interface Question {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** POST /graph, GET /graph/schema and GET /healthz. https://graphql.github.io/graphql-over-http/ */
export class HttpDoor {
  readonly #graph: Graph;
  readonly #log: Logger;

  constructor(graph: Graph, log: Logger) {
    this.#graph = graph;
    this.#log = log;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response);
    } catch (error) {
      this.#fail(request, response, error);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0];
    if (path === '/healthz') return send(response, { status: 200, type: 'text/plain', body: 'ok' });
    if (path !== '/graph' && path !== '/graph/schema') throw new Refusal(404, 'NotFound', 'there is nothing here: the graph is at /graph');
    const bearer = bearerOf(request.headers.authorization);
    if (!bearer) throw new Refusal(401, 'Unauthorized', 'sign in first: the request carries no bearer token');
    if (path === '/graph/schema') return this.#schemaText(bearer, response);
    if (request.method !== 'POST') throw new Refusal(405, 'MethodNotAllowed', 'the graph takes POST');
    await this.#answer(bearer, request, response);
  }

  async #schemaText(bearer: string, response: ServerResponse): Promise<void> {
    // Asked for its side effect: a token that the API does not know is refused.
    await this.#graph.context(bearer).allowed({ verb: 'get', group: 'crownlabs.polito.it', resource: 'templates' });
    send(response, { status: 200, type: 'text/plain; charset=utf-8', body: printSchema(await this.#graph.schema()) });
  }

  async #answer(bearer: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const question = readQuestion(request, await readBody(request));
    const schema = await this.#graph.schema().catch((error: unknown) => {
      this.#log.warn('The graph could not be made', { error: messageOf(error) });
      throw new Refusal(503, 'ServiceUnavailable', 'the API does not answer yet: try again in a moment');
    });
    const document = readDocument(schema, question.query);
    const operation = getOperationAST(document, question.operationName);
    if (!operation) throw new Refusal(400, 'BadRequest', 'operationName must name one of the operations of the document');
    if (operation.operation === OperationTypeNode.SUBSCRIPTION)
      throw new Refusal(400, 'BadRequest', 'subscriptions are served at /graph/subscription');
    const { query: _, ...rest } = question;
    const result = await execute({
      schema,
      document,
      contextValue: this.#graph.context(bearer),
      variableValues: rest.variables,
      operationName: rest.operationName,
    });
    const errors = result.errors?.map((error) => this.#present(error));
    // No `data` at all means that nothing was executed, for example because a variable has the wrong type.
    const status = 'data' in result ? statusOf(errors, result.data) : 400;
    send(response, { status, type: contentType(request), body: JSON.stringify({ ...result, ...(errors ? { errors } : {}) }) });
  }

  #present(error: GraphQLError): GraphQLError {
    const shown = presentable(error);
    if (shown !== error) this.#log.error('A resolver failed', { path: error.path?.join('.'), error: messageOf(error.cause) });
    return shown;
  }

  #fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { status, errors } = this.#errorsOf(error);
    send(response, { status, type: contentType(request), body: JSON.stringify({ errors }) });
  }

  #errorsOf(error: unknown): { status: number; errors: readonly GraphQLError[] } {
    if (error instanceof RequestErrors) return { status: 400, errors: error.errors };
    if (error instanceof Refusal) return { status: error.status, errors: [error.asGraphQL()] };
    if (error instanceof GraphQLError && typeof error.extensions['code'] === 'number')
      return { status: error.extensions['code'], errors: [error] };
    this.#log.error('A request to the graph failed', { error: messageOf(error) });
    return { status: 500, errors: [new Refusal(500, 'InternalError', 'internal error').asGraphQL()] };
  }
}

/** A request that is not answered, and why. */
class Refusal extends LabError {
  readonly status: number;
  readonly #reason: string;

  constructor(status: number, reason: string, message: string) {
    super('BadRequest', message);
    this.status = status;
    this.#reason = reason;
  }

  asGraphQL(): GraphQLError {
    return new GraphQLError(this.message, { extensions: { code: this.status, reason: this.#reason } });
  }
}

/** An expired token is the one failure that concerns the request as a whole: the caller must sign in again, whatever he asked. */
function statusOf(errors: readonly GraphQLError[] | undefined, data: unknown): number {
  const allUnauthorized = errors?.length && errors.every((error) => error.extensions['code'] === 401);
  return allUnauthorized && (!isObject(data) || Object.values(data).every((value) => value === null)) ? 401 : 200;
}

function contentType(request: IncomingMessage): string {
  const standard = request.headers.accept?.includes(STANDARD) ?? false;
  return `${standard ? STANDARD : 'application/json'}; charset=utf-8`;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes: unknown = chunk;
    if (!(bytes instanceof Uint8Array)) continue;
    size += bytes.byteLength;
    if (size > LARGEST_BODY) throw new Refusal(413, 'RequestEntityTooLarge', `the request is larger than ${LARGEST_BODY / 1024} kB`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readQuestion(request: IncomingMessage, text: string): Question {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    throw new Refusal(415, 'UnsupportedMediaType', 'the graph takes application/json');
  const body = parseJson(text);
  if (!isObject(body)) throw new Refusal(400, 'BadRequest', 'the body must be one JSON object with the member "query"');
  const query = stringOf(body['query']);
  if (query === undefined) throw new Refusal(400, 'BadRequest', 'the member "query" must be the text of a GraphQL document');
  const variables = body['variables'] ?? {};
  if (!isObject(variables)) throw new Refusal(400, 'BadRequest', 'the member "variables" must be an object');
  return { query, variables, operationName: stringOf(body['operationName']) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 'BadRequest', 'the body is not JSON');
  }
}

function send(response: ServerResponse, { status, type, body }: { status: number; type: string; body: string }): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' });
  response.end(body);
}
