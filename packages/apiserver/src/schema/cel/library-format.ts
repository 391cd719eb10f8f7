import { formatCheck } from '../formats.ts';
import { label1035Problems, labelProblems, labelValueProblems, qualifiedNameProblems, subdomainProblems } from '../names.ts';
import { int, listOf, text } from './argument.ts';
import { fn, method, type Overload, traversal } from './function.ts';
import { BOOL, INT, list, opaque, optional, STRING } from './type.ts';
import { CelFailure, type Opaque, Optional, type Value } from './value.ts';

type Problems = (value: string) => string[];

/** A name being completed may still end in a dash. */
const prefix =
  (problems: Problems): Problems =>
  (value) =>
    problems(value.replace(/-$/, 'a'));

const checked =
  (format: string, problem: string): Problems =>
  (value) =>
    formatCheck(format)?.(value) === false ? [problem] : [];

const FORMATS: Readonly<Record<string, Problems>> = {
  dns1123Label: labelProblems,
  dns1123Subdomain: subdomainProblems,
  dns1035Label: label1035Problems,
  qualifiedName: (value) => qualifiedNameProblems(value),
  dns1123LabelPrefix: prefix(labelProblems),
  dns1123SubdomainPrefix: prefix(subdomainProblems),
  dns1035LabelPrefix: prefix(label1035Problems),
  labelValue: labelValueProblems,
  uri: checked('uri', 'invalid URI for request'),
  uuid: checked('uuid', 'does not match the UUID format'),
  byte: checked('byte', 'invalid base64'),
  date: checked('date', 'invalid date'),
  datetime: checked('date-time', 'invalid datetime'),
};

class FormatValue implements Opaque {
  readonly opaque = 'kubernetes.NamedFormat';
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  equals(other: Opaque): boolean {
    return other instanceof FormatValue && this.name === other.name;
  }
}

const FORMAT = opaque('kubernetes.NamedFormat');

function validate(format: Value | undefined, value: string): Optional {
  const problems = format instanceof FormatValue ? (FORMATS[format.name]?.(value) ?? []) : [];
  return problems.length === 0 ? Optional.none : new Optional(listOf(problems));
}

const NAMED: readonly Overload[] = [
  ...Object.keys(FORMATS).map((name) => fn(`format.${name}`, [], FORMAT, () => new FormatValue(name))),
  fn(
    'format.named',
    [STRING],
    optional(FORMAT),
    ([name]) => new Optional(Object.hasOwn(FORMATS, text(name)) ? new FormatValue(text(name)) : undefined),
  ),
  method('validate', [FORMAT, STRING], optional(list(STRING)), {
    run: ([format, value]) => validate(format, text(value)),
    cost: ([, size]) => traversal(size, 5),
    size: () => 10,
  }),
];

const SEMVER_FORM =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*))?(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?$/;

class Version implements Opaque {
  readonly opaque = 'kubernetes.Semver';
  readonly numbers: readonly bigint[];
  readonly pre: readonly string[];

  constructor(numbers: readonly bigint[], pre: readonly string[]) {
    this.numbers = numbers;
    this.pre = pre;
  }

  equals(other: Opaque): boolean {
    return other instanceof Version && compareVersions(this, other) === 0;
  }
}

/** `v1.2` becomes `1.2.0`: what people write where a full version is meant. */
function normalized(source: string): string {
  const [, core = '', rest = ''] = /^v?([\d.]*)(.*)$/s.exec(source) ?? [];
  const parts = core.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  return `${[...parts, '0', '0'].slice(0, Math.max(3, parts.length)).join('.')}${rest}`;
}

function parseVersion(source: string): Version | undefined {
  const match = SEMVER_FORM.exec(source);
  return match === null ? undefined : new Version(match.slice(1, 4).map(BigInt), match[4]?.split('.') ?? []);
}

function comparePre(a: string, b: string): number {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (left && right) return Number(BigInt(a) > BigInt(b)) - Number(BigInt(a) < BigInt(b));
  if (left !== right) return left ? -1 : 1;
  return Number(a > b) - Number(a < b);
}

function compareVersions(a: Version, b: Version): number {
  for (const [at, left] of a.numbers.entries()) {
    const right = b.numbers[at] ?? 0n;
    if (left !== right) return left < right ? -1 : 1;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return Number(a.pre.length === 0) - Number(b.pre.length === 0);
  for (const [at, left] of a.pre.entries()) {
    const right = b.pre[at];
    const order = right === undefined ? 1 : comparePre(left, right);
    if (order !== 0) return order;
  }
  return a.pre.length - b.pre.length;
}

const SEMVER = opaque('kubernetes.Semver');

function version(value: Value | undefined): Version {
  if (value instanceof Version) return value;
  throw new CelFailure('no such overload');
}

function toVersion(source: string): Version {
  const parsed = parseVersion(source);
  if (parsed === undefined) throw new CelFailure(`semver parse error: ${source}`);
  return parsed;
}

const number = (at: number) => (args: readonly Value[]) => int(version(args[0]).numbers[at]);
const read = { cost: ([size]: readonly number[]) => traversal(size) };

const VERSIONS: readonly Overload[] = [
  fn('semver', [STRING], SEMVER, { run: ([source]) => toVersion(text(source)), ...read }),
  fn('semver', [STRING, BOOL], SEMVER, {
    run: ([source, loose]) => toVersion(loose === true ? normalized(text(source)) : text(source)),
    ...read,
  }),
  fn('isSemver', [STRING], BOOL, { run: ([source]) => parseVersion(text(source)) !== undefined, ...read }),
  fn('isSemver', [STRING, BOOL], BOOL, {
    run: ([source, loose]) => parseVersion(loose === true ? normalized(text(source)) : text(source)) !== undefined,
    ...read,
  }),
  method('major', [SEMVER], INT, number(0)),
  method('minor', [SEMVER], INT, number(1)),
  method('patch', [SEMVER], INT, number(2)),
  method('compareTo', [SEMVER, SEMVER], INT, ([a, b]) => BigInt(Math.sign(compareVersions(version(a), version(b))))),
  method('isGreaterThan', [SEMVER, SEMVER], BOOL, ([a, b]) => compareVersions(version(a), version(b)) > 0),
  method('isLessThan', [SEMVER, SEMVER], BOOL, ([a, b]) => compareVersions(version(a), version(b)) < 0),
];

/** Named formats and versions. */
export const FORMAT_LIBRARY: readonly Overload[] = [...NAMED, ...VERSIONS];
