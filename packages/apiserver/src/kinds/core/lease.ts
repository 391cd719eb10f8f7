import { objectAt, textAt } from '../../json-read.ts';
import { AGE_TEXT, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import type { Strategy } from '../strategy.ts';

// Coordinated election is behind a gate of Kubernetes that is shut.
const GATED = ['strategy', 'preferredHolder'];

/** Leases. */
export const lease: Strategy = {
  prepare(object) {
    const spec = objectAt(object, 'spec');
    if (spec) for (const field of GATED) delete spec[field];
  },
  validate(object) {
    const check = new FieldCheck();
    const spec = objectAt(object, 'spec');
    check.positive('spec.leaseDurationSeconds', spec?.['leaseDurationSeconds']);
    check.nonNegative('spec.leaseTransitions', spec?.['leaseTransitions']);
    return check.errors;
  },
  columns: [NAME, textColumn('Holder', (object) => textAt(object, 'spec', 'holderIdentity')), AGE_TEXT],
};
