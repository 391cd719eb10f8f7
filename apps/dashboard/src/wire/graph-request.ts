import { graphProblem, ProblemError } from './problem.ts';

/** One query or mutation over POST. Throws a ProblemError. */
export type GraphRequest = (query: string, variables?: Record<string, unknown>) => Promise<Record<string, unknown>>;

interface GraphAnswer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { message: string; extensions?: Record<string, unknown> }[];
}

/** A GraphRequest to `url`; `onUnauthorized` hears when the session has ended. */
export function graphRequest(url: string, onUnauthorized: () => void): GraphRequest {
  return async (query, variables = {}) => {
    const response = await persistently(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const answer = await readAnswer(response);
    const problem = answer.errors ? graphProblem(answer.errors) : undefined;
    if (response.status === 401 || problem?.code === 401) onUnauthorized();
    if (problem) throw new ProblemError(problem);
    if (!response.ok || !answer.data) throw new ProblemError({ code: response.status, reason: 'Unknown', message: response.statusText });
    return answer.data;
  };
}

const TRIES = 3;
const PAUSE_MS = 300;

/**
 * A browser on the lab's own machine breaks off requests whenever a network appears, which is what starting an environment makes. So a
 * request without an answer is made again; whoever changes something must be able to bear that it happened already.
 */
async function persistently(url: string, init: RequestInit): Promise<Response> {
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      return await fetch(url, init);
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => void setTimeout(resolve, PAUSE_MS));
    }
  }
}

async function readAnswer(response: Response): Promise<GraphAnswer> {
  try {
    const answer: unknown = await response.json();
    return typeof answer === 'object' && answer !== null ? answer : {};
  } catch {
    return {};
  }
}
