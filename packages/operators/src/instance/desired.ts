import {
  ANNOTATION,
  CROWNLABS_GROUP,
  type Environment,
  GROUP_PREFIX,
  GUI_PORT,
  type Instance,
  LABEL,
  PERSONAL_WORKSPACE,
  type Template,
  workspaceGroup,
} from '@crownlabs/api';
import { type Kube, ownedBy, persistentVolumeClaims, roleBindings, roles, services } from '@crownlabs/client';
import { rfc3339 } from '@crownlabs/std';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import { type Piece, piece, type Wanted } from '../converge.ts';
import { prettyNameFor } from '../words.ts';
import type { EnvironmentFacts, InstanceFacts } from './facts.ts';
import { environmentLabels, instanceChildLabels, instanceChildName, labelValue, selectorLabels } from './labels.ts';
import { type PodContext, podSpec } from './pod.ts';

/** What should happen to the Deployment of an environment. */
export type DeploymentStep =
  | { readonly do: 'nothing' }
  | { readonly do: 'apply'; readonly object: Wanted<Kube<Deployment>> }
  | { readonly do: 'scale'; readonly replicas: 0 };

/** When a stopped environment that is not persistent loses its pod; nothing while it runs. */
export function keptUntil(instance: Instance, keepStoppedMs: number): number | undefined {
  if (instance.spec.running) return undefined;
  const stoppedAt = Date.parse(instance.metadata.annotations?.[ANNOTATION.lastPoweredOff] ?? '');
  return Number.isNaN(stoppedAt) ? undefined : stoppedAt + keepStoppedMs;
}

/** How many pods an environment should have now. What is not persistent is kept for a while after a stop, because stopping loses it. */
export function wantedReplicas(facts: InstanceFacts, { environment, deployment }: EnvironmentFacts, keepStoppedMs: number): 0 | 1 {
  if (facts.instance.spec.running) return 1;
  if (environment.persistent || (deployment?.spec?.replicas ?? 0) === 0) return 0;
  const until = keptUntil(facts.instance, keepStoppedMs) ?? facts.now + keepStoppedMs;
  return facts.now < until ? 1 : 0;
}

/** A pod that runs is left as it is: an edit of the template reaches an environment when it starts. */
export function deploymentStep(facts: InstanceFacts, it: EnvironmentFacts, context: PodContext, keepStoppedMs: number): DeploymentStep {
  const replicas = wantedReplicas(facts, it, keepStoppedMs);
  const now = it.deployment?.spec?.replicas ?? 0;
  if (it.deployment && now === replicas) return { do: 'nothing' };
  if (it.deployment && replicas === 0) return { do: 'scale', replicas };
  if (!it.deployment && replicas === 0 && !facts.instance.spec.running) return { do: 'nothing' };
  return { do: 'apply', object: desiredDeployment(facts.instance, it.environment, context) };
}

/** The Deployment of a container environment that runs. */
export function desiredDeployment(instance: Instance, environment: Environment, context: PodContext): Wanted<Kube<Deployment>> {
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

/** The Service, headless: it names the pod and keeps no address of its own. */
export function desiredService(instance: Instance, environment: Environment, name: string): Piece {
  const metadata = childMetadata(instance, environment, name);
  const port = environment.guiEnabled ? { name: 'gui', port: GUI_PORT } : { name: 'metrics', port: 9090 };
  return piece(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata:
      environment.environmentType === 'Container'
        ? { ...metadata, labels: { ...metadata.labels, [LABEL.metricsEnabled]: 'true' } }
        : metadata,
    spec: {
      clusterIP: 'None',
      selector: selectorLabels(instance, environment),
      ports: [{ name: port.name, port: port.port, targetPort: port.port, protocol: 'TCP' }],
    },
  });
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

function childMetadata(instance: Instance, environment: Environment, name: string) {
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

/** The labels of an instance: what its template makes of it. */
export function instanceLabels(instance: Instance, template: Template | undefined, workspace: string): Record<string, string> {
  const { statusCheckUrl, 'template.crownlabs.polito.it/TemplateRef': reference } = instance.spec;
  const watch = statusCheckUrl !== undefined && (instance.metadata.labels?.[LABEL.watchForTermination] ?? '') === '';
  return {
    [LABEL.managedBy]: 'instance',
    [LABEL.workspace]: labelValue(workspace),
    [LABEL.template]: labelValue(reference.name),
    [LABEL.persistent]: String(template?.spec.environmentList.some(({ persistent }) => persistent) === true),
    [LABEL.hasNodeSelector]: String(chosenNodes(instance, template?.spec.nodeSelector) !== undefined),
    ...(watch ? { [LABEL.watchForTermination]: 'true' } : {}),
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

/** The pieces of a running environment beside its Deployment. */
export function exposedPieces(instance: Instance, { environment, name, claim }: EnvironmentFacts): Piece[] {
  const disk = claim ? undefined : desiredClaim(instance, environment, name);
  return [desiredService(instance, environment, name), ...(disk ? [disk] : [])];
}
