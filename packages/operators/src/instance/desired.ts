import {
  ANNOTATION,
  CROWNLABS_GROUP,
  type Environment,
  GROUP_PREFIX,
  type Instance,
  LABEL,
  PERSONAL_WORKSPACE,
  type Template,
  workspaceGroup,
} from '@crownlabs/api';
import { type Kube, ownedBy, persistentVolumeClaims, roleBindings, roles } from '@crownlabs/client';
import { rfc3339 } from '@crownlabs/std';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import { type Piece, piece, type Wanted } from '../converge.ts';
import { prettyNameFor } from '../words.ts';
import type { InstanceFacts } from './facts.ts';
import { environmentLabels, instanceChildLabels, instanceChildName, labelValue, selectorLabels } from './labels.ts';
import { type PodContext, podSpec } from './pod.ts';

/** A Deployment always says what it is for. */
type OurDeployment = Kube<Deployment> & { readonly spec: NonNullable<Deployment['spec']> };

/** The Deployment of a container environment that runs. */
export function desiredDeployment(instance: Instance, environment: Environment, context: PodContext): Wanted<OurDeployment> {
  const selector = selectorLabels(instance, environment);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: childMetadata(instance, environment, context.name),
    spec: {
      replicas: 1,
      strategy: { type: 'Recreate' },
      revisionHistoryLimit: 0,
      selector: { matchLabels: selector },
      template: { metadata: { labels: selector }, spec: podSpec(instance, environment, context) },
    },
  };
}

/** The disk of a persistent environment. It is asked for once: what is there stays as it is. */
export function desiredClaim(instance: Instance, environment: Environment, name: string): Piece | undefined {
  if (!environment.persistent) return undefined;
  const { storageClassName, resources } = environment;
  return piece(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: childMetadata(instance, environment, name),
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: String(resources.disk ?? '1Gi') } },
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
  });
}

/** Metadata of what an environment owns. */
export function childMetadata(instance: Instance, environment: Environment, name: string) {
  return {
    name,
    namespace: instance.metadata.namespace ?? '',
    labels: environmentLabels(instance, environment),
    ownerReferences: [ownedBy(instance)],
  };
}

/**
 * Who may do what with this instance: its owner and the managers of its workspace, and nobody else. What people do is written as virtual
 * subresources, which exist for reviews alone; managers reach the instance itself by name, never the namespace.
 */
export function desiredAccess(instance: Instance, workspace: string): Piece[] {
  const metadata = {
    name: instanceChildName(instance, 'access'),
    namespace: instance.metadata.namespace ?? '',
    labels: instanceChildLabels(instance),
    ownerReferences: [ownedBy(instance)],
  };
  const named = { apiGroups: [CROWNLABS_GROUP], resourceNames: [instance.metadata.name] };
  const doors = ['view', 'control', 'terminal', 'web'].map((door) => `instances/${door}`);
  const rbac = 'rbac.authorization.k8s.io';
  const subjects = [
    { kind: 'User', apiGroup: rbac, name: instance.spec['tenant.crownlabs.polito.it/TenantRef'].name },
    ...(workspace === PERSONAL_WORKSPACE
      ? []
      : [{ kind: 'Group', apiGroup: rbac, name: GROUP_PREFIX + workspaceGroup(workspace, 'manager') }]),
  ];
  return [
    piece(roles, {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata,
      rules: [
        { ...named, resources: doors, verbs: ['get'] },
        { ...named, resources: ['instances/power'], verbs: ['update'] },
        { ...named, resources: ['instances'], verbs: ['get', 'watch', 'patch', 'update', 'delete'] },
      ],
    }),
    piece(roleBindings, {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name: metadata.name },
      subjects,
    }),
  ];
}

/** What the instance itself should say of its template and power state; nothing when it does. */
export function instancePatch(facts: InstanceFacts): object | undefined {
  const { instance } = facts;
  const labels = changes(instance.metadata.labels ?? {}, instanceLabels(facts.instance, facts.template, facts.workspace));
  const annotations = powerAnnotation(instance, facts.now);
  const named = (instance.spec.prettyName ?? '') !== '';
  const metadata = { ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) };
  const patch = {
    ...(labels || annotations ? { metadata } : {}),
    ...(named ? {} : { spec: { prettyName: prettyNameFor(instance.metadata.uid ?? '') } }),
  };
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** Since when it is off; a running instance has no such annotation. */
function powerAnnotation({ spec, metadata }: Instance, now: number): Record<string, string | null> | undefined {
  const stopped = metadata.annotations?.[ANNOTATION.lastPoweredOff];
  if (spec.running === (stopped === undefined)) return undefined;
  return { [ANNOTATION.lastPoweredOff]: spec.running ? null : rfc3339(now) };
}

/** The labels of an instance: what its template makes of it. Without the template it keeps what it was made of: rights rest on that. */
export function instanceLabels(instance: Instance, template: Template | undefined, workspace: string): Record<string, string> {
  const { statusCheckUrl, 'template.crownlabs.polito.it/TemplateRef': reference } = instance.spec;
  const watch = statusCheckUrl !== undefined && (instance.metadata.labels?.[LABEL.watchForTermination] ?? '') === '';
  return {
    [LABEL.managedBy]: 'instance',
    [LABEL.template]: labelValue(reference.name),
    ...(template ? ofTemplate(instance, template, workspace) : {}),
    ...(watch ? { [LABEL.watchForTermination]: 'true' } : {}),
  };
}

function ofTemplate(instance: Instance, { spec }: Template, workspace: string): Record<string, string> {
  return {
    [LABEL.workspace]: labelValue(workspace),
    [LABEL.persistent]: String(spec.environmentList.some(({ persistent }) => persistent)),
    [LABEL.hasNodeSelector]: String(chosenNodes(instance, spec.nodeSelector) !== undefined),
  };
}

/** Where an instance runs: wherever the template says; where it leaves the choice, wherever the user says. */
export function chosenNodes(instance: Instance, ofTemplate: Readonly<Record<string, string>> | undefined) {
  if (!ofTemplate) return undefined;
  const chosen = Object.keys(ofTemplate).length > 0 ? ofTemplate : instance.spec.nodeSelector;
  return chosen && Object.keys(chosen).length > 0 ? chosen : undefined;
}

function changes(has: Readonly<Record<string, string>>, wants: Readonly<Record<string, string>>) {
  const different = Object.entries(wants).filter(([name, value]) => has[name] !== value);
  return different.length > 0 ? Object.fromEntries(different) : undefined;
}
