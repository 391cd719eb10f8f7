/** Why a text may not be a key of a ConfigMap or Secret. */
export function configKeyProblems(key: string): string[] {
  const problems = key.length > 253 ? ['must be no more than 253 characters'] : [];
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) {
    problems.push(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' " +
        "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    );
  }
  if (key === '.') problems.push("must not be '.'");
  else if (key === '..') problems.push("must not be '..'");
  else if (key.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}

/** Most bytes that a ConfigMap or Secret may hold. */
export const MOST_BYTES = 1_048_576;

/** Bytes behind a base64 text. */
export function base64Bytes(text: string): number {
  return Buffer.byteLength(text, 'base64');
}
