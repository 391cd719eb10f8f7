/** Why something could not be done: a reason for programs, a message for people. */
export interface Problem {
  /** HTTP's number: 401, 403, 404, 409, 422, 503 … */
  readonly code: number;
  readonly reason: string;
  readonly message: string;
}

/** A Problem that can be thrown. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** The Problem in anything that was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const message = error instanceof Error ? error.message : String(error);
  // fetch says TypeError when there was no answer at all.
  if (error instanceof TypeError) return { code: 0, reason: 'Unreachable', message };
  return { code: 500, reason: 'Unknown', message };
}

// The API's own words around what a rule of the lab says, which is meant for people.
const DENIED = /^admission webhook ".*?" denied the request: (.+)$/s;

/** The Problem in a list of GraphQL errors. */
export function graphProblem(errors: readonly { message: string; extensions?: Record<string, unknown> | undefined }[]): Problem {
  const first = errors[0];
  const { code, reason } = first?.extensions ?? {};
  const denied = DENIED.exec(first?.message ?? '')?.[1];
  if (denied) return { code: 422, reason: 'Denied', message: denied };
  return {
    code: typeof code === 'number' ? code : 500,
    reason: typeof reason === 'string' ? reason : 'Unknown',
    message: first?.message ?? 'unknown error',
  };
}
