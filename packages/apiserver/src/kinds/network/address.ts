import { isIP } from 'node:net';

const FORM = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const LEADING_ZERO = /(?:^|\.)0\d/;

/** Why a text is no IP address. */
export function addressProblems(text: string): string[] {
  if (isIP(text) !== 0) return [];
  const plain = text.replaceAll(/(^|\.)0+(?=\d)/g, '$1');
  return [LEADING_ZERO.test(text) && isIP(plain) === 4 ? 'must not have leading 0s' : FORM];
}
