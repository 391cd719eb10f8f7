import { describe, expect, test } from 'vitest';
import type { Json } from '../../json.ts';
import { compileExpression, isFault } from './compile-expression.ts';
import { fromJson } from './json-value.ts';
import { DYN, INT, list, objectType, STRING } from './type.ts';
import { CelFailure, type Value } from './value.ts';

function evaluate(text: string, variables: Readonly<Record<string, Json>> = {}): Value {
  const compilation = compileExpression(text, { variables: Object.fromEntries(Object.keys(variables).map((name) => [name, DYN])) });
  if (isFault(compilation)) throw new Error(compilation.fault);
  return compilation.evaluate(Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, fromJson(value)])), 1e6).value;
}

function failure(text: string, variables: Readonly<Record<string, Json>> = {}): string {
  try {
    evaluate(text, variables);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'no failure';
}

/** Everything here must be true. */
describe.each<[string, readonly string[]]>([
  [
    'numbers',
    [
      '1 + 2 * 3 == 7',
      '7 / 2 == 3',
      '-7 % 2 == -1',
      '1.0 < 2',
      '1u < 2',
      'dyn(1) == dyn(1.0)',
      'double(3) / 2.0 == 1.5',
      '0x10 == 16',
      'int("42") == 42',
      'int(3.9) == 3',
    ],
  ],
  ['logic', ['true || 1 / 0 == 0', '!(false && 1 / 0 == 0)', '1 / 0 == 0 || true', 'true ? true : 1 / 0 == 0']],
  [
    'texts',
    [
      '"abc".contains("b")',
      '"héllo".size() == 5',
      '"🙂a".charAt(1) == "a"',
      '"a,b".split(",") == ["a", "b"]',
      '"hello".substring(1, 3) == "el"',
      '["a", "b"].join("-") == "a-b"',
      '" x ".trim() == "x"',
      '"%s is %d".format(["x", 3]) == "x is 3"',
      '"%.2f".format([1.5]) == "1.50"',
      '"ABC".lowerAscii() == "abc"',
      '"aXbX".replace("X", "-", 1) == "a-bX"',
      '"abcabc".lastIndexOf("b") == 4',
      'strings.quote("a\\"b") == "\\"a\\\\\\"b\\""',
    ],
  ],
  [
    'patterns',
    [
      '"abc123".matches("[0-9]+")',
      '"abc 12 34".find("[0-9]+") == "12"',
      '"1a2b".findAll("[0-9]") == ["1", "2"]',
      '"1a2b".findAll("[0-9]", 1) == ["1"]',
    ],
  ],
  [
    'loops',
    [
      '[1, 2, 3].all(x, x > 0)',
      '[1, 2].exists(x, x == 2)',
      '[1, 2, 2].exists_one(x, x == 1)',
      '[1, 2].map(x, x * 2) == [2, 4]',
      '[1, 2, 3].filter(x, x > 1) == [2, 3]',
      '[1, 2].map(x, x > 1, x + 1) == [3]',
      '{"a": 1}.all(k, k == "a")',
      '[3, 4].all(i, v, v == i + 3)',
      '{"a": 1}.transformMap(k, v, v + 1) == {"a": 2}',
      '[1, 2].transformList(i, v, i + v) == [1, 3]',
      '{"a": 1}.exists(k, v, v == 1)',
      'cel.bind(x, 2, x * x) == 4',
      '["bb", "a"].sortBy(x, size(x)) == ["a", "bb"]',
    ],
  ],
  [
    'lists',
    [
      '2 in [1, 2]',
      '[1, 2].sum() == 3',
      '[2, 1].min() == 1',
      '[1, 3, 2].max() == 3',
      '[1, 2].isSorted()',
      '[1, 2, 1].lastIndexOf(1) == 2',
      '[1, 1, 2].distinct() == [1, 2]',
      '[1, 2, 3].slice(1, 3) == [2, 3]',
      '[[1], [2]].flatten() == [1, 2]',
      '[2, 1].sort() == [1, 2]',
      'lists.range(3) == [0, 1, 2]',
      'sets.contains([1, 2], [2])',
      'sets.equivalent([1, 2], [2, 1, 1])',
      '!sets.intersects([1], [2])',
    ],
  ],
  [
    'optionals',
    [
      'optional.of(1).hasValue()',
      'optional.none().orValue(2) == 2',
      '!{"a": 1}[?"b"].hasValue()',
      '{"a": 1}.?a.orValue(0) == 1',
      'optional.of(2).optMap(x, x * 2).value() == 4',
      '!optional.ofNonZeroValue("").hasValue()',
      'optional.none().or(optional.of(3)).value() == 3',
      '[1].first().value() == 1',
    ],
  ],
  [
    'quantities',
    [
      'quantity("1Gi").isGreaterThan(quantity("1G"))',
      'quantity("50m").add(quantity("50m")).compareTo(quantity("100m")) == 0',
      'quantity("5").add(3) == quantity("8")',
      'quantity("200M").asInteger() == 200000000',
      '!isQuantity("1 Gi")',
      'quantity("-1").sign() == -1',
      'quantity("1500m").asApproximateFloat() == 1.5',
    ],
  ],
  [
    'addresses',
    [
      'ip("10.0.0.1").family() == 4',
      'isIP("::1") && ip("::1").isLoopback()',
      '!isIP("::ffff:1.2.3.4")',
      'cidr("10.0.0.0/8").containsIP("10.1.2.3")',
      'cidr("10.0.0.0/8").containsCIDR(cidr("10.1.0.0/16"))',
      'cidr("10.1.2.3/8").masked() == cidr("10.0.0.0/8")',
      'cidr("::/0").prefixLength() == 0',
      'string(ip("2001:DB8::0")) == "2001:db8::"',
      '!ip.isCanonical("2001:DB8::1")',
      'ip("169.254.1.1").isLinkLocalUnicast()',
    ],
  ],
  [
    'URLs',
    [
      'url("https://u@h.example:8443/p%20q?a=1&a=2#f").getPort() == "8443"',
      'url("https://h/p?a=1&a=2").getQuery() == {"a": ["1", "2"]}',
      '!isURL("not a url")',
      'url("http://[::1]:80/").getHostname() == "::1"',
      'url("/only/path").getScheme() == ""',
    ],
  ],
  [
    'formats and versions',
    [
      '!format.dns1123Label().validate("my-name").hasValue()',
      'format.dns1123Label().validate("My Name").value().size() == 1',
      'format.named("uuid").hasValue()',
      'semver("1.2.3").isLessThan(semver("1.10.0"))',
      'semver("1.0.0-rc.1").compareTo(semver("1.0.0")) == -1',
      'isSemver("v1.2", true) && !isSemver("v1.2")',
    ],
  ],
  [
    'time',
    [
      'duration("90m") == duration("1h30m")',
      'timestamp("2020-01-01T00:00:00Z") + duration("1h") == timestamp("2020-01-01T01:00:00Z")',
      'timestamp("2020-02-29T12:00:00Z").getDayOfMonth() == 28',
      'timestamp("2020-01-01T00:00:00Z").getHours("Europe/Rome") == 1',
      'string(duration("90s")) == "90s"',
      'duration("1h").getMinutes() == 60',
      'timestamp("2020-01-01T00:00:00Z").getHours("+02:00") == 2',
    ],
  ],
  [
    'types',
    [
      'type(1) == int',
      'type("") == string',
      'type([]) == list',
      'type(dyn(1.5)) == double',
      'string(1.0) == "1"',
      'string(1000000.0) == "1e+06"',
      'bytes("ab") == b"ab"',
      'bool("true")',
      'type(null) == null_type',
    ],
  ],
])('%s', (_name, expressions) => {
  test.each(expressions)('%s', (expression) => {
    expect(evaluate(expression)).toBe(true);
  });
});

test.each([
  ['1 / 0 == 1', 'division by zero'],
  ['1 % 0 == 1', 'modulus by zero'],
  ['9223372036854775807 + 1 > 0', 'integer overflow'],
  ['{"a": 1}["b"] == 1', 'no such key: b'],
  ['[1][2] == 1', 'index out of bounds: 2'],
  ['dyn("a") + dyn(1) == 1', 'no such overload'],
  ['optional.none().value() == 1', 'optional.none() dereference'],
  ['quantity("x").sign() == 0', "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
])('%s fails with %s', (expression, message) => {
  expect(failure(expression)).toBe(message);
});

test.each([
  ['self >', 'Syntax error: Unexpected token: EOF'],
  ['unknown == 1', "undeclared reference to 'unknown' (in container '')"],
  ['unknown(1)', "undeclared reference to 'unknown' (in container '')"],
  ['1 == "x"', "found no matching overload for '_==_' applied to '(int, string)'"],
  ['"x".startsWith(1)', "found no matching overload for 'startsWith' applied to 'string.(int)'"],
  ['[1, "x"]', "expected type 'int' but found 'string'"],
  ['1.all(x, true)', "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)"],
  ['{"a": 1}.b.c', "type 'int' does not support field selection"],
  ['has(1)', 'invalid argument to has() macro'],
])('%s does not compile: %s', (expression, message) => {
  const compilation = compileExpression(expression, { variables: { self: DYN } });
  expect(isFault(compilation) && compilation.fault).toContain(message);
});

test('a fault shows the place in the text', () => {
  const compilation = compileExpression('true &&\n self.b == 1', { variables: { self: objectType('object', { a: INT }) } });
  expect(compilation).toEqual({
    fault: "compilation failed: ERROR: <input>:2:6: undefined field 'b'\n |  self.b == 1\n | .....^",
    wrongResult: false,
  });
});

test('values of unknown type are judged when they are there', () => {
  expect(evaluate('object.spec.replicas <= 5', { object: { spec: { replicas: 3 } } })).toBe(true);
  expect(evaluate('has(object.metadata.labels) && "a" in object.metadata.labels', { object: { metadata: {} } })).toBe(false);
  expect(failure('object.spec.missing == 1', { object: { spec: {} } })).toBe('no such key: missing');
});

test('an evaluation stops when its budget is used up', () => {
  const compilation = compileExpression('x.all(a, x.all(b, a + b >= 0))', { variables: { x: list(INT) } });
  if (isFault(compilation)) throw new Error(compilation.fault);
  const x = fromJson(
    Array.from({ length: 1000 }, (_, at) => at),
    list(INT),
  );
  expect(() => compilation.evaluate({ x }, 1_000_000)).toThrow(CelFailure);
  expect(compilation.evaluate({ x }, 10_000_000).value).toBe(true);
});

test('the estimate follows the limits of the types, and is never below what a run costs', () => {
  const variables = { x: list({ ...STRING, max: 20 }, 10) };
  const compilation = compileExpression('x.all(a, a.startsWith("abc") || a == "z")', { variables });
  if (isFault(compilation)) throw new Error(compilation.fault);
  const { cost } = compilation.evaluate(
    {
      x: fromJson(
        Array.from({ length: 10 }, () => 'abcdef'),
        list(STRING),
      ),
    },
    1e6,
  );
  expect(cost).toBeGreaterThan(30);
  expect(compilation.estimate).toBeGreaterThanOrEqual(cost);
  expect(compilation.estimate).toBeLessThan(200);
  const open = compileExpression('x.all(a, x.all(b, a == b))', { variables: { x: list(STRING) } });
  expect(!isFault(open) && open.estimate).toBeGreaterThan(1e12);
});

describe('no expression can hold the server up', () => {
  const big = 'x'.repeat(1_000_000);
  const many = Array.from({ length: 100_000 }, (_, at) => at);
  const doubling = (start: string, times: number) =>
    Array.from({ length: times }).reduce<string>((inner, _, at) => `cel.bind(v${at}, ${inner}, v${at} + v${at})`, start);

  test.each([
    ['lists that double', `size(${doubling('[1, 2, 3]', 40)}) > 0`, {}],
    ['texts that double', `size(${doubling('"abcdefgh"', 40)}) > 0`, {}],
    ['replacing nothing by much', 'size(big.replace("", big)) > 0', { big }],
    ['joining one text many times', 'size(many.map(x, big).join()) > 0', { big, many: many.slice(0, 10_000) }],
    [
      'formatting one text many times',
      'size("%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s".format(many.map(x, big))) > 0',
      { big, many: many.slice(0, 20) },
    ],
    ['counting the characters of a text in a loop', 'many.all(x, size(big) > x)', { big, many }],
    ['picking characters of a text in a loop', 'many.all(x, big.charAt(x) == "x")', { big, many }],
    ['looking at a list in a loop', 'many.all(x, size(many) > x)', { many }],
    ['a pattern that backtracks', 'big.matches("^(x+)+$") && big.matches("(x|xx)+y")', { big }],
    ['a list of lists of lists', 'many.map(x, many).flatten().size() > 0', { many }],
  ])('%s', (_name, expression, variables) => {
    const started = performance.now();
    failure(expression, variables);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
