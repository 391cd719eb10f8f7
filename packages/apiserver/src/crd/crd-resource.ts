import type { JsonObject } from '../json.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../json-read.ts';
import type { ResourceInfo, WriteContext } from '../resource.ts';
import { checkCrd, defaultCrd, formatWarnings } from '../schema/index.ts';

/** CustomResourceDefinition itself: the built-in shape, with the rules that belong to CRDs. */
export function crdResource(base: ResourceInfo): ResourceInfo {
  return {
    ...base,
    get schema() {
      return base.schema;
    },
    get definitions() {
      return base.definitions ?? {};
    },
    applyDefaults(object) {
      base.applyDefaults(object);
      defaultCrd(object);
    },
    prepare(object, old, context) {
      base.prepare(object, old, context);
      prepareStatus(object, old, context);
    },
    validate(object, old, context) {
      const errors = [...base.validate(object, old, context), ...(context.subresource === '' ? checkCrd(object, old) : [])];
      if (errors.length === 0 && context.subresource === '') for (const text of formatWarnings(object, old)) context.warn(text);
      return errors;
    },
  };
}

/** Versions that were ever stored are remembered. */
function prepareStatus(object: JsonObject, old: JsonObject | undefined, context: WriteContext): void {
  if (context.subresource === 'status') {
    const status = objectAt(object, 'status');
    if (status && textsAt(status, 'storedVersions').length === 0) status['storedVersions'] = storageVersions(object);
  }
  if (context.subresource !== '') return;
  const [storage = ''] = storageVersions(object);
  const status = old ? (objectAt(object, 'status') ?? {}) : { conditions: null, acceptedNames: { plural: '', kind: '' } };
  const stored = textsAt(status, 'storedVersions');
  object['status'] = { ...status, storedVersions: stored.includes(storage) || storage === '' ? stored : [...stored, storage] };
}

/** The one version in which objects are stored. */
function storageVersions(crd: JsonObject): string[] {
  return objectsAt(crd, 'spec', 'versions')
    .filter((one) => one['storage'] === true)
    .map((one) => textAt(one, 'name'));
}
