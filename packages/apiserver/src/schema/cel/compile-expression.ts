import { ARITHMETIC } from './arithmetic.ts';
import { Checker } from './check.ts';
import { STANDARD } from './conversions.ts';
import { estimate } from './estimate.ts';
import { Evaluation, Planner } from './evaluate.ts';
import { Library } from './function.ts';
import { AUTHORIZER_LIBRARY } from './library-authorizer.ts';
import { FORMAT_LIBRARY } from './library-format.ts';
import { LISTS, OPTIONALS } from './library-lists.ts';
import { NETWORK } from './library-network.ts';
import { QUANTITIES } from './library-quantity.ts';
import { STRINGS } from './library-strings.ts';
import { faultText, parse, SyntaxFault } from './syntax.ts';
import { assignable, type CelType, typeText } from './type.ts';
import { sizeOfType, type Typed } from './typed.ts';
import type { Value } from './value.ts';

/** What an expression may use and must answer. */
export interface ExpressionOptions {
  /** Types of the variables in sight. */
  readonly variables: Readonly<Record<string, CelType>>;
  /** The type the expression must have; anything when absent. */
  readonly result?: CelType;
  /** Whether the functions of the variable `authorizer` are known. */
  readonly authorizer?: boolean;
}

/** An expression ready to run. */
export interface CompiledExpression {
  readonly type: CelType;
  /** The most that one evaluation can cost, by the limits of the variables' types. */
  readonly estimate: number;
  /** The most that the answer can measure. */
  readonly size: number;
  /** Which of the variables it uses. */
  readonly uses: ReadonlySet<string>;
  /** Evaluates; a failure, or a cost above `limit`, is thrown as CelFailure. Variables left out count as not there. */
  evaluate(variables: Readonly<Record<string, Value | undefined>>, limit: number): { value: Value; cost: number };
}

/** Why a text cannot be compiled. `wrongResult`: it is an expression, but not of the type asked for; `fault` is the type that it has. */
export interface ExpressionFault {
  readonly fault: string;
  readonly wrongResult: boolean;
}

const GENERAL = [ARITHMETIC, STANDARD, STRINGS, LISTS, OPTIONALS, QUANTITIES, NETWORK, FORMAT_LIBRARY];
let general: Library | undefined;
let admission: Library | undefined;

function library(authorizer: boolean): Library {
  if (authorizer) {
    admission ??= new Library(...GENERAL, AUTHORIZER_LIBRARY);
    return admission;
  }
  general ??= new Library(...GENERAL);
  return general;
}

function compiled(typed: Typed, names: readonly string[], uses: ReadonlySet<string>): CompiledExpression {
  const program = new Planner(names).plan(typed);
  return {
    type: typed.type,
    estimate: estimate(typed),
    size: sizeOfType(typed.type),
    uses,
    evaluate(variables, limit) {
      const values: Value[] = [];
      for (const [place, name] of names.entries()) {
        const value = variables[name];
        if (value !== undefined) values[place] = value;
      }
      const run = new Evaluation(values, limit);
      return { value: program(run), cost: run.cost };
    },
  };
}

/** Compiles an expression of the Common Expression Language with Kubernetes' libraries, or says why it is none. */
export function compileExpression(text: string, options: ExpressionOptions): CompiledExpression | ExpressionFault {
  const { variables, result } = options;
  try {
    const checker = new Checker(new Map(Object.entries(variables)), library(options.authorizer === true));
    const typed = checker.check(parse(text));
    if (result !== undefined && !assignable(result, typed.type)) return { fault: typeText(typed.type), wrongResult: true };
    return compiled(typed, Object.keys(variables), checker.used);
  } catch (error) {
    if (error instanceof SyntaxFault)
      return { fault: `compilation failed: ${faultText(text, error.message, error.pos)}`, wrongResult: false };
    throw error;
  }
}

/** Whether a compilation failed. */
export function isFault(compilation: CompiledExpression | ExpressionFault): compilation is ExpressionFault {
  return 'fault' in compilation;
}
