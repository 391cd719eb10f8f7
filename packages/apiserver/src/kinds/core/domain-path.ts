import { subdomainProblems } from '../../schema/index.ts';
import type { FieldCheck } from '../field-check.ts';

/** The name of a controller: a domain of its maker, a slash, and what it is called there. */
export function checkDomainPath(field: string, value: string, check: FieldCheck): void {
  if (!check.required(field, value)) return;
  const [domain = '', ...path] = value.split('/');
  if (domain === '' || path.join('/') === '') {
    check.invalid(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")');
    return;
  }
  check.named(field, domain, subdomainProblems);
  if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(path.join('/'))) {
    check.invalid(field, value, "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')");
  }
}
