import type { JsonObject } from '../json.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../json-read.ts';
import type { ResourceInfo, WriteContext } from '../resource.ts';
import { checkCrd, defaultCrd } from '../schema/index.ts';

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
    validate: (object, old, context) => [
      ...base.validate(object, old, context),
      ...(context.subresource === '' ? checkCrd(object, old) : []),
    ],
  };
}

/** Versions that were ever stored are remembered. */
function prepareStatus(object: JsonObject, old: JsonObject | undefined, context: WriteContext): void {
  if (context.subresource !== '') return;
  const storage = textAt(
    objectsAt(object, 'spec', 'versions').find((one) => one['storage'] === true),
    'name',
  );
  const status = old ? (objectAt(object, 'status') ?? {}) : { conditions: null, acceptedNames: { plural: '', kind: '' } };
  const stored = textsAt(status, 'storedVersions');
  object['status'] = { ...status, storedVersions: stored.includes(storage) || storage === '' ? stored : [...stored, storage] };
}
