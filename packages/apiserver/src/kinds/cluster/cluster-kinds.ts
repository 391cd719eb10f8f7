import { isObject, type JsonObject } from '../../json.ts';
import { mapAt, numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { jsonEqual } from '../../schema/index.ts';
import { AGE_TEXT, NONE, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill } from '../fill.ts';
import type { Strategy } from '../strategy.ts';

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

/** StorageClasses. The default one is marked in its name cell. */
export const storageClass: Strategy = {
  defaults: (object) => fill(object, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  validate(object) {
    const check = new FieldCheck();
    check.required('provisioner', textAt(object, 'provisioner'));
    check.oneOf('reclaimPolicy', object['reclaimPolicy'], ['Delete', 'Retain']);
    check.oneOf('volumeBindingMode', object['volumeBindingMode'], ['Immediate', 'WaitForFirstConsumer']);
    return check.errors;
  },
  validateUpdate(object, old) {
    const check = new FieldCheck();
    for (const [field, text] of [
      ['parameters', 'updates to parameters are forbidden.'],
      ['provisioner', 'updates to provisioner are forbidden.'],
      ['reclaimPolicy', 'updates to reclaimPolicy are forbidden.'],
    ] as const) {
      if (!jsonEqual(object[field], old[field])) check.forbidden(field, text);
    }
    if (object['volumeBindingMode'] !== old['volumeBindingMode'])
      check.invalid('volumeBindingMode', object['volumeBindingMode'], 'field is immutable');
    return check.errors;
  },
  columns: [
    {
      ...plainName(),
      cell(object) {
        const name = textAt(object, 'metadata', 'name');
        return mapAt(object, 'metadata', 'annotations')[DEFAULT_CLASS] === 'true' ? `${name} (default)` : name;
      },
    },
    textColumn('Provisioner', (object) => textAt(object, 'provisioner')),
    textColumn('ReclaimPolicy', (object) => textAt(object, 'reclaimPolicy')),
    textColumn('VolumeBindingMode', (object) => textAt(object, 'volumeBindingMode')),
    textColumn('AllowVolumeExpansion', (object) => String(object['allowVolumeExpansion'] === true)),
    AGE_TEXT,
  ],
};

function plainName() {
  return { name: 'Name', type: 'string', format: 'name' } as const;
}

function conditionsText(request: JsonObject): string {
  const conditions = objectsAt(request, 'status', 'conditions').map((one) => textAt(one, 'type'));
  if (conditions.length === 0) return 'Pending';
  const words = ['Approved', 'Denied', 'Failed'].filter((type) => conditions.includes(type));
  if (textAt(request, 'status', 'certificate') !== '') words.push('Issued');
  return words.join(',');
}

/** CertificateSigningRequests. */
export const signingRequest: Strategy = {
  prepare(object, old, { user }) {
    const spec = objectAt(object, 'spec');
    if (old || !spec) return;
    // Who asks is not for him to say.
    for (const field of ['uid', 'groups', 'extra']) delete spec[field];
    Object.assign(spec, { username: user.username, groups: [...user.groups] });
  },
  defaults(object) {
    const spec = objectAt(object, 'spec');
    if (spec && spec['usages'] === undefined) spec['usages'] = ['digital signature', 'key encipherment'];
  },
  validate(object) {
    const check = new FieldCheck();
    check.required('spec.signerName', textAt(object, 'spec', 'signerName'));
    check.required('spec.request', textAt(object, 'spec', 'request'));
    return check.errors;
  },
  columns: [
    NAME,
    AGE_TEXT,
    textColumn('SignerName', (object) => textAt(object, 'spec', 'signerName')),
    textColumn('Requestor', (object) => textAt(object, 'spec', 'username')),
    textColumn('RequestedDuration', (object) => {
      const seconds = numberAt(object, 'spec', 'expirationSeconds');
      return seconds === undefined ? NONE : `${seconds}s`;
    }),
    textColumn('Condition', conditionsText),
  ],
  fieldSelectors: { 'spec.signerName': (object) => textAt(object, 'spec', 'signerName') },
};

/** PodTemplates and ControllerRevisions: objects that others keep notes in. */
export const controllerRevision: Strategy = {
  validate(object) {
    const check = new FieldCheck();
    check.nonNegative('revision', object['revision']);
    return check.errors;
  },
  validateCreate(object) {
    const check = new FieldCheck();
    if (check.required('data', object['data'], 'data is mandatory') && !isObject(object['data']))
      check.required('data', undefined, 'data must be a valid JSON object');
    return check.errors;
  },
  validateUpdate(object, old) {
    const check = new FieldCheck();
    if (!jsonEqual(object['data'], old['data'])) check.invalid('data', object['data'], 'field is immutable');
    return check.errors;
  },
  columns: [
    NAME,
    textColumn('Controller', (object) => {
      const owner = objectsAt(object, 'metadata', 'ownerReferences').find((one) => one['controller'] === true);
      return owner ? `${textAt(owner, 'kind').toLowerCase()}/${textAt(owner, 'name')}` : NONE;
    }),
    textColumn('Revision', (object) => numberAt(object, 'revision') ?? 0),
    AGE_TEXT,
  ],
};

/** ServiceAccounts. */
export const serviceAccount: Strategy = {
  // Of a reference to a secret nothing but the name is kept.
  prepare(object) {
    const secrets = objectsAt(object, 'secrets');
    if (secrets.length > 0) object['secrets'] = secrets.map(({ name }) => (name === undefined ? {} : { name }));
  },
  columns: [NAME, AGE_TEXT],
};

/** APIServices. */
export const apiService: Strategy = {
  columns: [
    NAME,
    textColumn('Service', (object) => {
      const service = objectAt(object, 'spec', 'service');
      return service ? `${textAt(service, 'namespace')}/${textAt(service, 'name')}` : 'Local';
    }),
    textColumn('Available', (object) => {
      const found = objectsAt(object, 'status', 'conditions').find((one) => textAt(one, 'type') === 'Available');
      return found ? textAt(found, 'status') : 'Unknown';
    }),
    AGE_TEXT,
  ],
};
