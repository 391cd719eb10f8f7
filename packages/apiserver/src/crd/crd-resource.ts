import type { JsonObject } from '../json.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../json-read.ts';
import type { ResourceInfo, WriteContext } from '../resource.ts';

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
      defaultNames(object);
    },
    prepare(object, old, context) {
      base.prepare(object, old, context);
      prepareStatus(object, old, context);
    },
    validate: (object, old, context) => base.validate(object, old, context),
  };
}

function defaultNames(object: JsonObject): void {
  const names = objectAt(object, 'spec', 'names');
  const kind = textAt(names, 'kind');
  if (names && kind !== '') {
    if (textAt(names, 'singular') === '') names['singular'] = kind.toLowerCase();
    if (textAt(names, 'listKind') === '') names['listKind'] = `${kind}List`;
  }
  const spec = objectAt(object, 'spec');
  if (spec && spec['conversion'] === undefined) spec['conversion'] = { strategy: 'None' };
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
