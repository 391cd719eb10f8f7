import { expect, test } from 'vitest';
import { graphProblem } from '../wire/problem.ts';
import { en } from '../words/en.ts';
import { problemText } from './problem-text.ts';

const denied = (text: string) =>
  graphProblem([
    { message: `admission webhook "instances.example" denied the request: ${text}`, extensions: { code: 403, reason: 'Forbidden' } },
  ]);

test('what a rule of the lab says reaches people without the words around it', () => {
  expect(problemText(denied('there is no template x'), en)).toBe('there is no template x');
});

test('an exceeded quota is said as what to do', () => {
  const text = problemText(denied('quota exceeded: CPU (9 > 8)'), en);
  expect(text).toBe('CPU: you would use 9, and may use 8. Stop or delete another environment first.');
});

test('what a person has no right to is not told in words for programs', () => {
  const problem = graphProblem([
    { message: 'instances is forbidden: User "x" cannot list', extensions: { code: 403, reason: 'Forbidden' } },
  ]);
  expect(problemText(problem, en)).toBe(en.problem.forbidden);
});
