import { isObject, type JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt } from '../../json-read.ts';
import { fill, part } from '../fill.ts';
import type { Strategy } from '../strategy.ts';

function defaults(definition: JsonObject): void {
  const spec = part(definition, 'spec');
  fill(spec, { conversion: { strategy: 'None' } });
  const names = part(spec, 'names');
  const kind = textAt(names, 'kind');
  if (kind !== '') {
    if (textAt(names, 'singular') === '') names['singular'] = kind.toLowerCase();
    if (textAt(names, 'listKind') === '') names['listKind'] = `${kind}List`;
  }
  const service = objectAt(spec, 'conversion', 'webhook', 'clientConfig', 'service');
  if (service) fill(service, { port: 443 });
}

/** The versions that objects were ever stored in begin with the first one. */
function begin(definition: JsonObject): JsonObject {
  const stored = objectsAt(definition, 'spec', 'versions').find((version) => version['storage'] === true);
  return { conditions: null, acceptedNames: { plural: '', kind: '' }, storedVersions: stored ? [textAt(stored, 'name')] : [] };
}

/** CustomResourceDefinitions as objects. What they define is checked and served by the rooms of the schema engine. */
export const customResourceDefinition: Strategy = {
  defaults,
  initialStatus: begin,
  prepare(object, old) {
    const stored = objectsAt(object, 'spec', 'versions').find((version) => version['storage'] === true);
    const status = object['status'];
    if (!old || !stored || !isObject(status)) return;
    const versions = Array.isArray(status['storedVersions']) ? status['storedVersions'] : [];
    const name = textAt(stored, 'name');
    if (!versions.includes(name)) status['storedVersions'] = [...versions, name];
  },
};
