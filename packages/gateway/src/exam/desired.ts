import {
  CROWNLABS_GROUP,
  EXAM_NAMESPACE,
  EXAM_TENANT,
  type ExamWish,
  type Instance,
  instances,
  type Template,
  type Tenant,
  workspaceNamespace,
} from '@crownlabs/api';
import { type Applied, apiVersionOf, type Kube, type New, ownedBy } from '@crownlabs/client';
import { LabError } from '@crownlabs/std';
import type { Role, RoleBinding } from 'kubernetes-types/rbac/v1.js';

/** Where a template of an exam is: in the workspace of exams, or as `workspace/name`. */
export function templateKey(text: string, workspace: string): { readonly name: string; readonly namespace: string } {
  const [first = '', second] = text.split('/');
  return second === undefined
    ? { name: first, namespace: workspaceNamespace(workspace) }
    : { name: second, namespace: workspaceNamespace(first) };
}

/** The Instance of one candidate. */
export function examInstance(id: string, wish: ExamWish, template: Template): New<Instance> {
  const { running, statusCheckUrl } = wish;
  // What was read is often written back whole: the lab's own labels are the lab's to set.
  const labels = Object.fromEntries(Object.entries(wish.labels ?? {}).filter(([key]) => !/(^|\.)crownlabs\.polito\.it\//.test(key)));
  const contentUrls = contentUrlsOf(wish, template);
  return {
    apiVersion: apiVersionOf(instances),
    kind: 'Instance',
    metadata: { name: id, namespace: EXAM_NAMESPACE, labels },
    spec: {
      'template.crownlabs.polito.it/TemplateRef': { name: template.metadata.name, namespace: template.metadata.namespace ?? '' },
      'tenant.crownlabs.polito.it/TenantRef': { name: EXAM_TENANT },
      prettyName: `Exam ${id}`,
      running,
      ...(statusCheckUrl === undefined ? {} : { statusCheckUrl }),
      ...(contentUrls === undefined ? {} : { contentUrls }),
    },
  };
}

/** By the names of environments: what is said for none in particular is the first one's. */
function contentUrlsOf({ contentUrls }: ExamWish, { spec, metadata }: Template): Instance['spec']['contentUrls'] {
  if (!contentUrls) return undefined;
  const names = spec.environmentList.map(({ name }) => name);
  const byName: [string, ContentUrls][] = isForOne(contentUrls) ? [[names[0] ?? '', contentUrls]] : Object.entries(contentUrls);
  const unknown = byName.find(([name]) => !names.includes(name));
  if (unknown) throw new LabError('Invalid', `The template ${metadata.name} has no environment ${unknown[0]}.`);
  return Object.fromEntries(byName.map(([name, { origin, destination }]) => [name, given({ origin, destination })]));
}

type ContentUrls = { readonly origin?: string | undefined; readonly destination?: string | undefined };

function isForOne(urls: NonNullable<ExamWish['contentUrls']>): urls is ContentUrls {
  return Object.values(urls).every((it) => typeof it === 'string');
}

function given({ origin, destination }: ContentUrls): { origin?: string; destination?: string } {
  return { ...(origin === undefined ? {} : { origin }), ...(destination === undefined ? {} : { destination }) };
}

/** What lets a candidate open the instance, and nothing else of it. */
export function candidateRights(instance: Instance, candidate: Tenant): { role: Applied<Kube<Role>>; binding: Applied<Kube<RoleBinding>> } {
  const group = 'rbac.authorization.k8s.io';
  const { name } = instance.metadata;
  const metadata = { name: `${name}-candidate`, namespace: EXAM_NAMESPACE, ownerReferences: [ownedBy(instance)] };
  const doors = ['view', 'control', 'terminal', 'web'].map((door) => `instances/${door}`);
  return {
    role: {
      apiVersion: `${group}/v1`,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [CROWNLABS_GROUP], resources: ['instances', ...doors], resourceNames: [name], verbs: ['get'] }],
    },
    binding: {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'Role', name: `${name}-candidate` },
      subjects: [{ kind: 'User', apiGroup: group, name: candidate.metadata.name }],
    },
  };
}
