import type { AdmissionCall } from '../call.ts';
import type { ResourceInfo } from '../resource.ts';

/** The coordinates of a resource, where the rest of its description does not matter. */
export function resourceInfo(of: Partial<ResourceInfo> & Pick<ResourceInfo, 'kind' | 'plural'>): ResourceInfo {
  const { group = '', plural } = of;
  return {
    group,
    version: 'v1',
    listKind: `${of.kind}List`,
    singular: of.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    storage: { group, plural },
    storageVersion: 'v1',
    verbs: [],
    subresources: {},
    custom: false,
    schema: undefined,
    generation: 'none',
    unconditionalUpdate: true,
    createOnUpdate: false,
    deleteReturnsObject: false,
    defaultPropagation: 'Background',
    fieldSelectors: {},
    columns: [],
    prune: () => undefined,
    applyDefaults: () => undefined,
    prepare: () => undefined,
    validate: () => [],
    resetFields: () => [],
    ...of,
  };
}

/** A call as the pipeline makes it: a create of a ConfigMap by nobody, unless told otherwise. */
export function admissionCall(of: Partial<AdmissionCall> = {}): AdmissionCall {
  return {
    operation: 'CREATE',
    user: { username: 'nobody', groups: [] },
    resource: resourceInfo({ kind: 'ConfigMap', plural: 'configmaps' }),
    subresource: '',
    namespace: '',
    name: '',
    object: undefined,
    old: undefined,
    options: {},
    dryRun: false,
    signal: new AbortController().signal,
    warn: () => undefined,
    settled: () => undefined,
    ...of,
  };
}
