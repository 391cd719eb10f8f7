import type { Instance } from '@crownlabs/api';
import { instanceLabels } from '../instance/desired.ts';
import { workspaceOf } from '../instance/gather.ts';
import { prettyNameFor } from '../words.ts';
import { BOOKS } from './books.ts';
import type { AdmissionRequest, Decision, PatchOperation } from './review.ts';
import type { AdmissionWorld } from './world.ts';

/**
 * Gives a new Instance its labels and its name at once, so that nobody ever sees it without them. The controller would do the same a
 * moment later.
 */
export async function defaultInstance(request: AdmissionRequest<Instance>, world: AdmissionWorld): Promise<Decision> {
  const { object, namespace, uid } = request;
  // A cluster asks before it has looked at the schema, which says what is missing.
  const { spec }: { readonly spec?: Partial<Instance['spec']> } = object;
  const reference = spec?.['template.crownlabs.polito.it/TemplateRef'];
  if (!reference) return {};
  const template = await world.template(reference.name, reference.namespace ?? namespace);
  const name: PatchOperation[] =
    (object.spec.prettyName ?? '') === '' ? [{ op: 'add', path: '/spec/prettyName', value: prettyNameFor(uid) }] : [];
  const books = request.operation === 'CREATE' ? withoutBooks(object) : [];
  // The validator says what is wrong with it.
  if (!template) return { patch: [...name, ...books] };
  // What the user wrote there himself wins, so that the validator sees it and refuses.
  const labels = { ...instanceLabels(object, template, workspaceOf(template, namespace)), ...object.metadata.labels };
  return { patch: [...name, ...books, { op: 'add', path: '/metadata/labels', value: labels }] };
}

/** Nothing was noted of what is new: whoever applies a copy of another one brings its notes along without meaning to. */
function withoutBooks({ metadata: { annotations = {} } }: Instance): PatchOperation[] {
  const kept = Object.entries(annotations).filter(([key]) => !BOOKS.includes(key));
  if (kept.length === Object.keys(annotations).length) return [];
  return [{ op: 'replace', path: '/metadata/annotations', value: Object.fromEntries(kept) }];
}
