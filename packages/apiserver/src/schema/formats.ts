import { isIP, isIPv4, isIPv6 } from 'node:net';

type Format = (text: string) => boolean;

const by =
  (pattern: RegExp): Format =>
  (text) =>
    pattern.test(text);

const DURATION_UNITS = [
  ['ns', 'nano'],
  ['us', 'µs', 'micro'],
  ['ms', 'milli'],
  ['s', 'sec'],
  ['m', 'min'],
  ['h', 'hr', 'hour'],
  ['d', 'day'],
  ['w', 'wk', 'week'],
];
const GO_DURATION = /^[-+]?(?:0|(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

function isUnit(word: string): boolean {
  const unit = word.toLowerCase();
  return DURATION_UNITS.some((variants) => variants.includes(unit) || unit.startsWith(variants.at(-1) ?? unit));
}

/** `1h5m`, and also loosely `3 days` and `2 weeks`. */
function isDuration(text: string): boolean {
  if (GO_DURATION.test(text)) return true;
  return [...text.matchAll(/\d+\s*([A-Za-zµ]+)/g)].some(([, word = '']) => isUnit(word));
}

/** A date of the calendar: the 30th of February is none. */
function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day && month > 0;
}

function isDateTime(text: string): boolean {
  const [date = '', time = ''] = text.toLowerCase().split('t');
  const match = /^(\d\d):(\d\d):(\d\d)(?:.\d+)?(?:z|[+-]\d\d:\d\d)$/.exec(time);
  if (match === null) return false;
  const [, hour = '', minute = '', second = ''] = match;
  return isDate(date) && hour <= '23' && minute <= '59' && second <= '59';
}

/** An address and a prefix length that fits it. */
function isCidr(text: string): boolean {
  const match = /^([^/%]+)\/(\d{1,3})$/.exec(text);
  const [, address = '', length = ''] = match ?? [];
  const family = isIP(address);
  return family !== 0 && (length === '0' || !length.startsWith('0')) && Number(length) <= (family === 4 ? 32 : 128);
}

/** An absolute URI or an absolute path, as in a request line. */
export function isRequestUri(text: string): boolean {
  if (text === '' || /[\p{Cc} ]/u.test(text) || /%(?![0-9A-Fa-f]{2})/.test(text)) return false;
  if (text === '*') return true;
  const rest = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(.*)$/s.exec(text);
  if (rest?.[1] === undefined) return text.startsWith('/');
  const authority = /^\/\/([^/?#]*)/.exec(rest[2] ?? '')?.[1];
  return authority === undefined || /^(?:[^@]*@)?(?:\[[0-9A-Fa-f:.%A-Za-z0-9]+\]|[^\s:[\]<>"{}|\\^`]*)(?::\d*)?$/.test(authority);
}

function luhn(digits: string): boolean {
  let sum = 0;
  for (const [index, digit] of digits.split('').toReversed().entries()) {
    const value = index % 2 === 0 ? Number(digit) : Number(digit) * 2;
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, '');
  return (
    /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|2[2-7]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/.test(
      digits,
    ) && luhn(digits)
  );
}

function weighted(digits: string, weight: (index: number) => number): number {
  return digits.split('').reduce((sum, digit, index) => sum + (digit === 'X' ? 10 : Number(digit)) * weight(index), 0);
}

function isIsbn10(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, '').toUpperCase();
  return /^\d{9}[\dX]$/.test(digits) && weighted(digits, (index) => index + 1) % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, '');
  return /^\d{13}$/.test(digits) && weighted(digits, (index) => (index % 2 === 0 ? 1 : 3)) % 10 === 0;
}

function isRgbColor(text: string): boolean {
  const match = /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.exec(text);
  return match !== null && match.slice(1).every((part) => Number(part) <= 255);
}

function isHostname(text: string): boolean {
  return (
    text.length > 0 &&
    text.length <= 255 &&
    text.split('.').every((label) => /^[\p{L}\p{S}\d](?:[\p{L}\p{S}\d-]{0,61}[\p{L}\p{S}\d])?$/u.test(label))
  );
}

const EMAIL = /^[^\s@<>()[\]\\,;:".]+(?:\.[^\s@<>()[\]\\,;:".]+)*@[^\s@<>()\\,;:"]+$/u;

/** An address alone, or a name and an address in angle brackets. */
function isEmail(text: string): boolean {
  const bracketed = /^[^<>]*<([^<>]+)>$/.exec(text.trim());
  return EMAIL.test(bracketed?.[1] ?? text.trim());
}

const uuid = (version: string) => by(new RegExp(`^[0-9A-F]{8}-?[0-9A-F]{4}-?${version}-?[0-9A-F]{12}$`, 'i'));
const ANY: Format = () => true;

/** Formats by name without dashes; those of numbers are checked as ranges and are only named here. */
const FORMATS: Readonly<Record<string, Format>> = {
  int32: ANY,
  int64: ANY,
  float: ANY,
  double: ANY,
  password: ANY,
  bsonobjectid: by(/^[0-9A-Fa-f]{24}$/),
  byte: by(/^(?=.)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
  cidr: isCidr,
  creditcard: isCreditCard,
  date: isDate,
  datetime: isDateTime,
  duration: isDuration,
  email: isEmail,
  hexcolor: by(/^#?(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$/),
  hostname: isHostname,
  ipv4: isIPv4,
  ipv6: isIPv6,
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  k8slongname: by(/^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/),
  k8sshortname: by(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/),
  mac: by(
    /^(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4}(?:(?:[0-9A-Fa-f]{2}\1){2})?[0-9A-Fa-f]{2}$|^[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4})?$/,
  ),
  rgbcolor: isRgbColor,
  ssn: by(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  uri: isRequestUri,
  uuid: uuid('[0-9A-F]{4}-?[0-9A-F]{4}'),
  uuid3: uuid('3[0-9A-F]{3}-?[0-9A-F]{4}'),
  uuid4: uuid('4[0-9A-F]{3}-?[89AB][0-9A-F]{3}'),
  uuid5: uuid('5[0-9A-F]{3}-?[89AB][0-9A-F]{3}'),
};

/** The check of a format, or nothing for one that is unknown and therefore ignored. */
export function formatCheck(format: string): Format | undefined {
  return FORMATS[format.replaceAll('-', '')];
}
