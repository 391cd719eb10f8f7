import type { Instance } from '@crownlabs/api';
import { instanceLabels } from '../instance/desired.ts';
import { workspaceOf } from '../instance/gather.ts';
import { prettyNameFor } from '../words.ts';
import type { AdmissionRequest, Decision, PatchOperation } from './review.ts';
import type { AdmissionWorld } from './world.ts';

/**
 * Gives a new Instance its labels and its name at once, so that nobody ever sees it without them. The controller would do the same a
 * moment later.
 */
export async function defaultInstance({ object, namespace, uid }: AdmissionRequest<Instance>, world: AdmissionWorld): Promise<Decision> {
  const reference = object.spec['template.crownlabs.polito.it/TemplateRef'];
  const template = await world.template(reference.name, reference.namespace ?? namespace);
  const name: PatchOperation[] =
    (object.spec.prettyName ?? '') === '' ? [{ op: 'add', path: '/spec/prettyName', value: prettyNameFor(uid) }] : [];
  // The validator says what is wrong with it.
  if (!template) return { patch: name };
  // What the user wrote there himself wins, so that the validator sees it and refuses.
  const labels = { ...instanceLabels(object, template, workspaceOf(template, namespace)), ...object.metadata.labels };
  return { patch: [...name, { op: 'add', path: '/metadata/labels', value: labels }] };
}
