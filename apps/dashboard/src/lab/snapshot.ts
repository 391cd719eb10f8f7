import { Wire } from './readers.ts';

/** The disk of a machine as it was at one moment. */
export interface Snapshot {
  readonly name: string;
  readonly namespace: string;
  /** Whose disk it is. */
  readonly instance: { readonly name: string; readonly namespace: string };
  readonly takenAt: number;
  readonly phase: string;
  /** What there is to say of it, in words. */
  readonly message: string;
  /** The template that was made of it. */
  readonly template: string;
  readonly deleting: boolean;
}

/** Follows the snapshots of one namespace. */
export const SNAPSHOTS_OF = `subscription ($namespace: String!) {
  itPolitoCrownlabsV1alpha2InstanceSnapshotUpdate(namespace: $namespace, initial: true) { updateType payload {
    metadata { name namespace creationTimestamp deletionTimestamp }
    spec { instanceRef { name namespace } template { prettyName } }
    status { phase conditions { type message } } } } }`;

/** Copies an instance's disk, as an image; a template of that is made where one is asked for. */
export const CREATE_SNAPSHOT = `mutation ($namespace: String!, $snapshot: ItPolitoCrownlabsV1alpha2InstanceSnapshotInput!) {
  createCrownlabsPolitoItV1alpha2NamespacedInstanceSnapshot(namespace: $namespace, itPolitoCrownlabsV1alpha2InstanceSnapshotInput: $snapshot) { metadata { name } } }`;

/** Deletes a snapshot. */
export const DELETE_SNAPSHOT = `mutation ($namespace: String!, $name: String!) {
  deleteCrownlabsPolitoItV1alpha2NamespacedInstanceSnapshot(namespace: $namespace, name: $name) { kind } }`;

/** A snapshot from the wire. */
export function readSnapshot(payload: unknown): Snapshot {
  const wire = new Wire(payload);
  const [meta, spec, status] = [wire.at('metadata'), wire.at('spec'), wire.at('status')];
  const namespace = meta.at('namespace').text() ?? '';
  const ready = status
    .at('conditions')
    .list()
    .find((it) => it.at('type').text() === 'Ready');
  return {
    name: meta.at('name').text() ?? '',
    namespace,
    instance: { name: spec.at('instanceRef', 'name').text() ?? '', namespace: spec.at('instanceRef', 'namespace').text() ?? namespace },
    takenAt: meta.at('creationTimestamp').time() ?? Date.now(),
    phase: (status.at('phase').text() ?? '').replace('_EMPTY_', ''),
    message: ready?.at('message').text() ?? '',
    template: spec.at('template', 'prettyName').text() ?? '',
    deleting: meta.at('deletionTimestamp').text() !== undefined,
  };
}
