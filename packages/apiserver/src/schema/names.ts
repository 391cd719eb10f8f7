const DNS1123_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DNS1035_LABEL = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const SUBDOMAIN = `${DNS1123_LABEL}(\\.${DNS1123_LABEL})*`;

const whole = (form: string) => new RegExp(`^(?:${form})$`);
const SUBDOMAIN_FORM = whole(SUBDOMAIN);
const LABEL_FORM = whole(DNS1123_LABEL);
const LABEL_1035_FORM = whole(DNS1035_LABEL);
const QUALIFIED_FORM = whole(QUALIFIED);
const VALUE_FORM = whole(`(${QUALIFIED})?`);

function formText(rule: string, form: string, ...examples: readonly string[]): string {
  return `${rule} (e.g. ${examples.map((example) => `'${example}'`).join(',  or ')}, regex used for validation is '${form}')`;
}

const QUALIFIED_TEXT = formText(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  QUALIFIED,
  'MyName',
  'my.name',
  '123-abc',
);

const tooLong = (limit: number, unit = 'characters') => `must be no more than ${limit} ${unit}`;
const bytes = (text: string) => Buffer.byteLength(text);

/** Why `name` is no DNS subdomain (RFC 1123). */
export function subdomainProblems(name: string): string[] {
  const problems = bytes(name) > 253 ? [tooLong(253)] : [];
  if (!SUBDOMAIN_FORM.test(name)) {
    const rule =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
    problems.push(formText(rule, SUBDOMAIN, 'example.com'));
  }
  return problems;
}

/** Why `name` is no DNS label (RFC 1123). */
export function labelProblems(name: string): string[] {
  const problems = bytes(name) > 63 ? [tooLong(63)] : [];
  if (!LABEL_FORM.test(name) && SUBDOMAIN_FORM.test(name)) problems.push('must not contain dots');
  else if (!LABEL_FORM.test(name)) {
    const rule =
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
    problems.push(formText(rule, DNS1123_LABEL, 'my-name', '123-abc'));
  }
  return problems;
}

/** Why `name` is no DNS label of the older form (RFC 1035): it must start with a letter. */
export function label1035Problems(name: string): string[] {
  const problems = bytes(name) > 63 ? [tooLong(63)] : [];
  if (!LABEL_1035_FORM.test(name)) {
    const rule =
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
    problems.push(formText(rule, DNS1035_LABEL, 'my-name', 'abc-123'));
  }
  return problems;
}

/** Names of objects are said to be measured in characters, parts of qualified names in bytes. */
const inBytes = (problem: string) => problem.replace(/ characters$/, ' bytes');

/** Why `key` is no qualified name: the key of a label, an annotation or a finalizer. `called` opens the message of a wrong shape. */
export function qualifiedNameProblems(key: string, called = 'a qualified name'): string[] {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length > 2) return [`${called} ${QUALIFIED_TEXT} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const problems: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    const found = prefix === '' ? ['must be non-empty'] : subdomainProblems(prefix).map(inBytes);
    problems.push(...found.map((text) => `prefix part ${text}`));
  }
  if (name === '') problems.push('name part must be non-empty');
  else if (bytes(name) > 63) problems.push(`name part ${tooLong(63, 'bytes')}`);
  if (!QUALIFIED_FORM.test(name)) problems.push(`name part ${QUALIFIED_TEXT}`);
  return problems;
}

/** Why `value` may not be the value of a label. */
export function labelValueProblems(value: string): string[] {
  const problems = bytes(value) > 63 ? [tooLong(63, 'bytes')] : [];
  if (!VALUE_FORM.test(value)) {
    const rule =
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    problems.push(formText(rule, `(${QUALIFIED})?`, 'MyValue', 'my_value', '12345'));
  }
  return problems;
}

/** Why `name` cannot be one segment of a URL path. */
export function pathSegmentProblems(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%'].filter((character) => name.includes(character)).map((character) => `may not contain '${character}'`);
}
