import { age } from '../../codec/age.ts';
import type { JsonObject } from '../../json.ts';
import { objectsAt, textAt } from '../../json-read.ts';
import type { Column } from '../../resource.ts';
import { AGE_TEXT, NONE } from '../cells.ts';
import { NAME } from '../columns.ts';
import { describedField } from '../descriptions.ts';
import { summarizePod } from './pod-status-text.ts';

const orNone = (text: string) => (text === '' ? NONE : text);

function restartsText(pod: JsonObject, now: number): string {
  const { restarts, lastRestart } = summarizePod(pod);
  return restarts === 0 || lastRestart === undefined ? String(restarts) : `${restarts} (${age(lastRestart, now)} ago)`;
}

function gatesText(pod: JsonObject): string {
  const gates = objectsAt(pod, 'spec', 'readinessGates').map((gate) => textAt(gate, 'conditionType'));
  if (gates.length === 0) return NONE;
  const met = objectsAt(pod, 'status', 'conditions').filter(
    (one) => gates.includes(textAt(one, 'type')) && textAt(one, 'status') === 'True',
  );
  return `${met.length}/${gates.length}`;
}

function wide(name: string, of: readonly [definition: string, field: string], cell: (pod: JsonObject) => string): Column {
  return {
    name,
    type: 'string',
    priority: 1,
    get description() {
      return describedField(...of);
    },
    cell,
  };
}

const SPEC = 'io.k8s.api.core.v1.PodSpec';
const STATUS = 'io.k8s.api.core.v1.PodStatus';

/** The table of pods. */
export const POD_COLUMNS: readonly Column[] = [
  NAME,
  {
    name: 'Ready',
    type: 'string',
    description: 'The aggregate readiness state of this pod for accepting traffic.',
    cell(pod) {
      const { ready, total } = summarizePod(pod);
      return `${ready}/${total}`;
    },
  },
  {
    name: 'Status',
    type: 'string',
    description: 'The aggregate status of the containers in this pod.',
    cell: (pod) => summarizePod(pod).reason,
  },
  {
    name: 'Restarts',
    type: 'string',
    description:
      'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    cell: restartsText,
  },
  AGE_TEXT,
  wide('IP', [STATUS, 'podIP'], (pod) => orNone(textAt(pod, 'status', 'podIP'))),
  wide('Node', [SPEC, 'nodeName'], (pod) => orNone(textAt(pod, 'spec', 'nodeName'))),
  wide('Nominated Node', [STATUS, 'nominatedNodeName'], (pod) => orNone(textAt(pod, 'status', 'nominatedNodeName'))),
  wide('Readiness Gates', [SPEC, 'readinessGates'], gatesText),
];
