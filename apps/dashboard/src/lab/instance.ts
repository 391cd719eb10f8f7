import { quantityNumber } from './quantity.ts';
import { Wire } from './readers.ts';

/** One aspect of an object's state, in words for people. */
export interface Condition {
  readonly type: string;
  readonly holds: boolean;
  readonly reason: string;
  readonly message: string;
  readonly since: number | undefined;
}

/** One machine or container of an instance. */
export interface EnvironmentState {
  readonly name: string;
  readonly phase: string;
  readonly ip: string;
  readonly readyIn: string;
  /** How far its disk is, while that is being made. */
  readonly importing: DiskImport | undefined;
}

/** A disk on its way. */
export interface DiskImport {
  readonly percent: number;
  readonly bytes: number;
  readonly since: number;
}

/** A person's copy of a template. */
export interface Instance {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** The name that people read; empty until the system has chosen one. */
  readonly title: string;
  readonly running: boolean;
  readonly deleting: boolean;
  readonly template: { readonly name: string; readonly namespace: string };
  readonly tenant: { readonly name: string; readonly fullName: string };
  readonly workspace: string;
  readonly createdAt: number;
  readonly phase: string;
  readonly environments: readonly EnvironmentState[];
  readonly conditions: readonly Condition[];
  /** Not known to the server yet: shown because the person pressed Start. */
  readonly pretended: boolean;
}

const FIELDS = `
  metadata { name namespace uid creationTimestamp deletionTimestamp labels }
  spec {
    running prettyName
    templateCrownlabsPolitoItTemplateRef { name namespace }
    tenantCrownlabsPolitoItTenantRef { name %TENANT% }
  }
  status { phase environments { name phase ip initialReadyTime importing { progress size since } } conditions { type status reason message lastTransitionTime } }
`;
const OWN = FIELDS.replace('%TENANT%', '');
const WITH_NAMES = FIELDS.replace('%TENANT%', 'tenantV1alpha2Wrapper { itPolitoCrownlabsV1alpha2Tenant { spec { firstName lastName } } }');

/** Follows the instances of one namespace, or one of them. */
export const INSTANCES_OF = `subscription ($namespace: String!, $name: String) {
  itPolitoCrownlabsV1alpha2InstanceUpdate(namespace: $namespace, name: $name, initial: true) { updateType payload { ${OWN} } } }`;

/** Follows the instances with certain labels in all namespaces, with their owners' names. */
export const INSTANCES_WITH = `subscription ($labels: String!) {
  itPolitoCrownlabsV1alpha2InstanceLabelsUpdate(labelSelector: $labels, initial: true) { updateType payload { ${WITH_NAMES} } } }`;

/** Creates an instance. */
export const CREATE_INSTANCE = `mutation ($namespace: String!, $instance: ItPolitoCrownlabsV1alpha2InstanceInput!) {
  createCrownlabsPolitoItV1alpha2NamespacedInstance(namespace: $namespace, itPolitoCrownlabsV1alpha2InstanceInput: $instance) { metadata { name } } }`;

/** Changes an instance by a JSON patch. */
export const PATCH_INSTANCE = `mutation ($namespace: String!, $name: String!, $patch: String!) {
  patchCrownlabsPolitoItV1alpha2NamespacedInstanceJsonPatch(namespace: $namespace, name: $name, fieldManager: "dashboard", applicationJsonPatchJsonInput: $patch) { metadata { name } } }`;

/** Deletes an instance. */
export const DELETE_INSTANCE = `mutation ($namespace: String!, $name: String!) {
  deleteCrownlabsPolitoItV1alpha2NamespacedInstance(namespace: $namespace, name: $name) { kind } }`;

/** An instance from the wire. */
export function readInstance(payload: unknown): Instance {
  const wire = new Wire(payload);
  const [meta, spec, status] = [wire.at('metadata'), wire.at('spec'), wire.at('status')];
  const template = spec.at('templateCrownlabsPolitoItTemplateRef');
  const tenant = spec.at('tenantCrownlabsPolitoItTenantRef');
  const person = tenant.at('tenantV1alpha2Wrapper', 'itPolitoCrownlabsV1alpha2Tenant', 'spec');
  const templateNamespace = template.at('namespace').text() ?? '';
  const phase = (at: Wire) => (at.at('phase').text() ?? '').replace('_EMPTY_', '');
  return {
    name: meta.at('name').text() ?? '',
    namespace: meta.at('namespace').text() ?? '',
    uid: meta.at('uid').text() ?? '',
    title: spec.at('prettyName').text() ?? '',
    running: spec.at('running').flag() ?? true,
    deleting: meta.at('deletionTimestamp').text() !== undefined,
    template: { name: template.at('name').text() ?? '', namespace: templateNamespace },
    tenant: {
      name: tenant.at('name').text() ?? '',
      fullName: [person.at('firstName').text(), person.at('lastName').text()].filter(Boolean).join(' '),
    },
    workspace: meta.at('labels', 'crownlabsPolitoItWorkspace').text() ?? templateNamespace.replace(/^workspace-/, ''),
    createdAt: meta.at('creationTimestamp').time() ?? Date.now(),
    phase: phase(status),
    environments: status
      .at('environments')
      .list()
      .map((environment) => ({
        name: environment.at('name').text() ?? '',
        phase: phase(environment),
        ip: environment.at('ip').text() ?? '',
        readyIn: environment.at('initialReadyTime').text() ?? '',
        importing: readImport(environment.at('importing')),
      })),
    conditions: status.at('conditions').list().map(readCondition),
    pretended: false,
  };
}

function readImport(wire: Wire): DiskImport | undefined {
  const percent = Number.parseFloat(wire.at('progress').text() ?? '');
  const since = wire.at('since').time();
  if (Number.isNaN(percent) || since === undefined) return undefined;
  return { percent, bytes: quantityNumber(wire.at('size').text()), since };
}

function readCondition(wire: Wire): Condition {
  return {
    type: wire.at('type').text() ?? '',
    holds: wire.at('status').text() === 'True',
    reason: wire.at('reason').text() ?? '',
    message: wire.at('message').text() ?? '',
    since: wire.at('lastTransitionTime').time(),
  };
}
