import type { JsonObject } from '../../json.ts';
import { ensureObject, textAt, textsAt } from '../../json-read.ts';
import { qualifiedNameProblems } from '../../schema/index.ts';
import { AGE_TEXT } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import type { Strategy } from '../strategy.ts';

const NAME_LABEL = 'kubernetes.io/metadata.name';
const FINALIZER = 'kubernetes';

/** The name of a namespace as a label, so that selectors can name it; nobody can say otherwise. */
function labelWithName(namespace: JsonObject): void {
  const name = textAt(namespace, 'metadata', 'name');
  if (name !== '') ensureObject(namespace, 'metadata', 'labels')[NAME_LABEL] = name;
}

/** Namespaces. What they hold is removed before they are: `spec.finalizers` is only changed through `/finalize`. */
export const namespace: Strategy = {
  initialStatus: () => ({ phase: 'Active' }),
  defaults: labelWithName,
  prepare(object, old, { subresource }) {
    labelWithName(object);
    if (!old) {
      const given = textsAt(object, 'spec', 'finalizers');
      if (!given.includes(FINALIZER)) ensureObject(object, 'spec')['finalizers'] = [...given, FINALIZER];
    } else if (subresource !== 'finalize') object['spec'] = structuredClone(old['spec'] ?? {});
  },
  validate(object) {
    const check = new FieldCheck();
    for (const finalizer of textsAt(object, 'spec', 'finalizers')) {
      check.named('spec.finalizers', finalizer, qualifiedNameProblems);
      if (!finalizer.includes('/') && finalizer !== FINALIZER)
        check.invalid('spec.finalizers', finalizer, 'name is neither a standard finalizer name nor is it fully qualified');
    }
    return check.errors;
  },
  validateStatus(object) {
    const check = new FieldCheck();
    const going = textAt(object, 'metadata', 'deletionTimestamp') !== '';
    const phase = textAt(object, 'status', 'phase');
    if (phase !== (going ? 'Terminating' : 'Active'))
      check.invalid(
        'status.Phase',
        phase,
        going ? "may only be 'Terminating' if `deletionTimestamp` is not empty" : "may only be 'Active' if `deletionTimestamp` is empty",
      );
    return check.errors;
  },
  columns: [
    NAME,
    { name: 'Status', type: 'string', description: 'The status of the namespace', cell: (object) => textAt(object, 'status', 'phase') },
    AGE_TEXT,
  ],
  fieldSelectors: { 'status.phase': (object) => textAt(object, 'status', 'phase') },
};
