import type { RequestAttributes } from '../call.ts';

/** Attributes of an action on a resource, with everything that is not said left empty. */
export function resourceAttributes(
  asked: Pick<RequestAttributes, 'verb' | 'group' | 'resource'> & Partial<RequestAttributes>,
): RequestAttributes {
  return { path: '', resourceRequest: true, version: '*', namespace: '', subresource: '', name: '', ...asked };
}

/** Attributes of an action on a path outside the API groups. */
export function pathAttributes(verb: string, path: string): RequestAttributes {
  return { verb, path, resourceRequest: false, group: '', version: '', namespace: '', resource: '', subresource: '', name: '' };
}

/** `pods/log`, or `pods` without a subresource. */
export function resourceText({ resource, subresource }: Pick<RequestAttributes, 'resource' | 'subresource'>): string {
  return subresource ? `${resource}/${subresource}` : resource;
}
