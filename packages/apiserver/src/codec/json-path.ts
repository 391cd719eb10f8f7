import { isObject, type Json } from '../json.ts';
import { jsonEqual } from '../schema/index.ts';

type Step = (values: readonly Json[]) => Json[];

const compiled = new Map<string, readonly Step[]>();

/** The values at a simple JSONPath: `.a.b`, `['a.b']`, `[0]`, `[*]`, `[?(@.type=="Ready")]`. Nothing there gives nothing. */
export function readJsonPath(value: Json, path: string): Json[] {
  let steps = compiled.get(path);
  if (!steps) {
    steps = compile(path);
    compiled.set(path, steps);
  }
  return steps.reduce<Json[]>((values, step) => step(values), [value]);
}

const TOKEN =
  /\.((?:[^.[\]\\]|\\.)+)|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|\[(-?\d+)\]|(\[\*\]|\.\*)|\[\?\(@((?:[^()"']|"[^"]*"|'[^']*')*)\)\]/gy;

function compile(path: string): Step[] {
  const steps: Step[] = [];
  const text = path.startsWith('.') || path.startsWith('[') ? path : `.${path}`;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    const key = match[1] ?? match[2] ?? match[3];
    const filter = match[6];
    if (key !== undefined) steps.push(field(key.replaceAll(/\\(.)/g, '$1')));
    else if (match[4] !== undefined) steps.push(index(Number(match[4])));
    else if (match[5] !== undefined) steps.push((values) => values.flatMap(children));
    else if (filter !== undefined) steps.push(select(filter));
  }
  return steps;
}

function field(key: string): Step {
  return (values) => values.flatMap((value) => present(isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined));
}

function index(at: number): Step {
  return (values) => values.flatMap((value) => present(Array.isArray(value) ? value.at(at) : undefined));
}

function present(value: Json | undefined): Json[] {
  return value === undefined ? [] : [value];
}

function children(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value).flatMap(present) : [];
}

function select(filter: string): Step {
  const match = /^(.*?)\s*(==|!=)\s*(.+)$/.exec(filter);
  const path = match?.[1] ?? filter;
  const wanted = match ? literal(match[3] ?? '') : undefined;
  return (values) =>
    values.flatMap(children).filter((item) => {
      const found = readJsonPath(item, path.trim())[0];
      if (!match) return found !== undefined;
      return found !== undefined && jsonEqual(found, wanted) === (match[2] === '==');
    });
}

function literal(text: string): Json {
  const quoted = /^(['"])(.*)\1$/.exec(text.trim());
  if (quoted) return quoted[2] ?? '';
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text.trim();
  }
}
