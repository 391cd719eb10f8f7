import { LabError } from '@crownlabs/std';
import { labelValueProblems, qualifiedNameProblems } from '../schema/index.ts';

/** Decides by labels. */
export type LabelMatcher = (labels: Readonly<Record<string, unknown>> | undefined) => boolean;

const SPECIAL = new Set(['=', '!', '(', ')', '>', '<', ',']);
const OPERATORS = new Set(['=', '==', '!=', 'in', 'notin', '>', '<']);

/** Parses `a=b,c in (d,e),!f,g>1`; `undefined` selects everything. Errors are worded as Kubernetes words them. */
export function parseLabelSelector(text: string | null | undefined): LabelMatcher | undefined {
  if (text === undefined || text === null || text.trim() === '') return undefined;
  const parser = new SelectorParser(tokens(text));
  const requirements = parser.parse();
  return (labels) => requirements.every((one) => one(labels));
}

function tokens(text: string): string[] {
  const found: string[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (/\s/.test(character)) {
      at += 1;
    } else if (SPECIAL.has(character)) {
      const pair = text.slice(at, at + 2);
      const token = pair === '==' || pair === '!=' ? pair : character;
      found.push(token);
      at += token.length;
    } else {
      const start = at;
      while (at < text.length && !SPECIAL.has(text[at] ?? '') && !/\s/.test(text[at] ?? '')) at += 1;
      found.push(text.slice(start, at));
    }
  }
  return found;
}

const isWord = (token: string) => token !== '' && !SPECIAL.has(token[0] ?? '');

class SelectorParser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(all: readonly string[]) {
    this.#tokens = all;
  }

  get #here(): string {
    const token: string | undefined = this.#tokens[this.#at];
    return token ?? '';
  }

  parse(): LabelMatcher[] {
    const requirements: LabelMatcher[] = [];
    if (!this.#begins()) throw bad(`found '${this.#here}', expected: !, identifier, or 'end of string'`);
    for (;;) {
      requirements.push(this.#requirement());
      if (this.#here === '') return requirements;
      if (this.#here !== ',') throw bad(`found '${this.#here}', expected: ',' or 'end of string'`);
      this.#at += 1;
      if (!this.#begins()) throw bad(`found '${this.#here}', expected: identifier after ','`);
    }
  }

  /** Whether a requirement may begin here. */
  #begins(): boolean {
    return isWord(this.#here) || this.#here === '!';
  }

  #requirement(): LabelMatcher {
    const negated = this.#take('!');
    const key = this.#here;
    if (!isWord(key)) throw unparsable(`found '${key}', expected: identifier`);
    this.#at += 1;
    demandKey(key);
    if (negated) return (labels) => valueOf(labels, key) === undefined;
    if (this.#here === '' || this.#here === ',') return (labels) => valueOf(labels, key) !== undefined;
    const operator = this.#here;
    if (!OPERATORS.has(operator)) throw unparsable(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
    this.#at += 1;
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#value()];
    return matcher(key, operator, values);
  }

  #take(token: string): boolean {
    if (this.#here !== token) return false;
    this.#at += 1;
    return true;
  }

  #value(): string {
    // `a=` and `a=,b` mean the empty value.
    if (this.#here === '' || this.#here === ',') return '';
    const value = this.#here;
    if (!isWord(value)) throw unparsable(`found '${value}', expected: identifier`);
    this.#at += 1;
    return value;
  }

  #values(): string[] {
    if (!this.#take('(')) throw unparsable(`found '${this.#here}' expected: '('`);
    const values: string[] = [];
    for (;;) {
      if (isWord(this.#here)) {
        values.push(this.#here);
        this.#at += 1;
      } else {
        values.push('');
      }
      if (this.#take(')')) return values;
      if (!this.#take(',')) throw unparsable(`found '${this.#here}', expected: ',' or ')'`);
    }
  }
}

function matcher(key: string, operator: string, values: readonly string[]): LabelMatcher {
  const set = new Set(values);
  if (operator === '>' || operator === '<') {
    const bound = wholeNumber(values[0] ?? '');
    if (bound === undefined) {
      throw unparsable(`values[0]: Invalid value: ${JSON.stringify(values[0])}: for 'Gt', 'Lt' operators, the value must be an integer`);
    }
    return (labels) => {
      const number = wholeNumber(valueOf(labels, key) ?? '');
      return number !== undefined && (operator === '>' ? number > bound : number < bound);
    };
  }
  values.forEach((value, index) => demandValue(key, value, index));
  if (operator === '!=' || operator === 'notin') return (labels) => !set.has(valueOf(labels, key) ?? '\0');
  return (labels) => set.has(valueOf(labels, key) ?? '\0');
}

function wholeNumber(text: string): bigint | undefined {
  return /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
}

function valueOf(labels: Readonly<Record<string, unknown>> | undefined, key: string): string | undefined {
  if (labels === undefined || !Object.hasOwn(labels, key)) return undefined;
  const value = labels[key];
  return typeof value === 'string' ? value : undefined;
}

function demandKey(key: string): void {
  const problem = qualifiedNameProblems(key, 'a valid label key')[0];
  if (problem !== undefined) throw unparsable(`<nil>: Invalid value: ${JSON.stringify(key)}: ${problem}`);
}

function demandValue(key: string, value: string, index: number): void {
  const problem = labelValueProblems(value)[0];
  if (problem !== undefined) throw unparsable(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${problem}`);
}

function unparsable(why: string): LabError {
  return bad(`unable to parse requirement: ${why}`);
}

function bad(message: string): LabError {
  return new LabError('BadRequest', message);
}
