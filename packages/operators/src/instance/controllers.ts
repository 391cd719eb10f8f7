import { eventRecorder } from '@crownlabs/client';
import { manualSource, type Reconcile } from '@crownlabs/controller';
import { type ControllerParts, type Controllers, labController } from '../controller-parts.ts';
import { Doorbell } from '../doorbell.ts';
import { isOurs } from '../manifests/labels.ts';
import { Ledgers } from '../quota/ledger.ts';
import { Patience } from './patience.ts';
import { instanceReconciler } from './reconcile.ts';
import { instanceSources } from './sources.ts';

/** Instances become what realises them. */
export const instanceControllers: Controllers = (parts) => {
  const { client, lab, config, clock, log, probe, signal, metrics } = parts;
  const answers = manualSource();
  const doorbell = new Doorbell(probe, clock, (key) => answers.enqueue(key), signal);
  const deaf = lab.pods.onChange((now, before) => {
    if (!now && before) doorbell.forget(before.metadata.uid ?? '');
  });
  signal.addEventListener('abort', deaf, { once: true });
  const events = eventRecorder(client, { component: 'instance-operator', clock, log });
  const patience = new Patience();
  const reconcile = instanceReconciler({
    lab,
    ledgers: new Ledgers(client, lab.ledgers),
    doorbell,
    config,
    clock,
    events,
    metrics,
    patience,
  });
  return [
    labController(parts, {
      name: 'instance',
      workers: 16,
      sources: [...instanceSources(lab), answers],
      reconcile: whereOurs(parts, reconcile),
      // By the same worker as everything else, so that what is said last is what is so.
      report: async (key) => {
        if (patience.isOver(key)) answers.enqueue(key);
        return undefined;
      },
    }),
  ];
};

/** Another installation's operators may share the cluster: its namespaces carry another label. */
function whereOurs({ lab, config: { operatorSelector } }: ControllerParts, reconcile: Reconcile): Reconcile {
  return async (key, signal) => {
    const namespace = operatorSelector === '' ? undefined : lab.namespaces.get(key.namespace ?? '');
    return operatorSelector === '' || (namespace && isOurs(namespace, operatorSelector)) ? reconcile(key, signal) : undefined;
  };
}
