import type { RequestAttributes } from './call.ts';
import { parseFieldTerms, pinned } from './select/field-selector.ts';

/** A request's target, read off its path. */
export interface Target {
  readonly attributes: RequestAttributes;
  /** What follows the subresource, for `proxy`. Anything else has nothing there. */
  readonly rest: readonly string[];
  /** Whether the path is that of one object, not of a collection. */
  readonly named: boolean;
}

// Third segments below a namespace that are parts of the namespace itself.
const NAMESPACE_PARTS = new Set(['status', 'finalize']);

const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** What a request asks for. Says nothing about whether it exists. */
export function readTarget(method: string, path: string, query: URLSearchParams): Target {
  const segments = path.split('/').filter((part) => part !== '');
  const split = resourceSegments(segments);
  if (!split) return { attributes: pathOnly(method, path), rest: [], named: false };
  const { group, version } = split;
  let parts = split.parts;
  const legacyWatch = parts[0] === 'watch' && parts.length > 1;
  if (legacyWatch) parts = parts.slice(1);
  const { namespace, resource, name, subresource, rest } = place(parts);
  const pinnedName = name === '' ? nameOfSelector(query) : name;
  const verb = verbOf(method, { name, query, legacyWatch });
  const collection = verb === 'list' || verb === 'watch' || verb === 'deletecollection';
  const attributes = {
    verb,
    path,
    resourceRequest: true,
    group,
    version,
    namespace,
    resource,
    subresource,
    name: collection ? pinnedName : name,
    ...selectors(query),
  };
  return { attributes, rest, named: name !== '' };
}

function pathOnly(method: string, path: string): RequestAttributes {
  return {
    verb: method.toLowerCase(),
    path,
    resourceRequest: false,
    group: '',
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
  };
}

function resourceSegments(segments: readonly string[]): { group: string; version: string; parts: string[] } | undefined {
  const [root, second = '', third = ''] = segments;
  if (root === 'api' && segments.length >= 3) return { group: '', version: second, parts: segments.slice(2).map(decode) };
  if (root === 'apis' && segments.length >= 4) return { group: second, version: third, parts: segments.slice(3).map(decode) };
  return undefined;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function place(parts: readonly string[]): {
  namespace: string;
  resource: string;
  name: string;
  subresource: string;
  rest: readonly string[];
} {
  const [first = '', second = '', third = ''] = parts;
  if (first === 'namespaces' && second !== '') {
    if (third !== '' && !NAMESPACE_PARTS.has(third)) {
      return { namespace: second, resource: third, name: parts[3] ?? '', subresource: parts[4] ?? '', rest: parts.slice(5) };
    }
    return { namespace: second, resource: 'namespaces', name: second, subresource: third, rest: parts.slice(3) };
  }
  return { namespace: '', resource: first, name: second, subresource: third, rest: parts.slice(3) };
}

function verbOf(method: string, { name, query, legacyWatch }: { name: string; query: URLSearchParams; legacyWatch: boolean }): string {
  if (method === 'GET' || method === 'HEAD') {
    if (legacyWatch) return 'watch';
    if (name !== '') return 'get';
    return isTrue(query, 'watch') ? 'watch' : 'list';
  }
  if (method === 'DELETE' && name === '') return 'deletecollection';
  return VERBS[method] ?? method.toLowerCase();
}

/** A boolean parameter as Kubernetes reads it: present means true unless it says false or 0. */
export function isTrue(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value.toLowerCase() !== 'false' && value !== '0';
}

function nameOfSelector(query: URLSearchParams): string {
  const selector = query.get('fieldSelector');
  if (selector === null) return '';
  try {
    return pinned(parseFieldTerms(selector), 'metadata.name') ?? '';
  } catch {
    // A bad selector is refused later, by who knows what the kind offers.
    return '';
  }
}

function selectors(query: URLSearchParams): Pick<RequestAttributes, 'labelSelector' | 'fieldSelector'> {
  const labelSelector = query.get('labelSelector');
  const fieldSelector = query.get('fieldSelector');
  return { ...(labelSelector === null ? {} : { labelSelector }), ...(fieldSelector === null ? {} : { fieldSelector }) };
}
