import { quantityNumber } from './quantity.ts';
import { Wire } from './readers.ts';

/** What one person may have in use at the same time. */
export interface Quota {
  readonly cpu: number;
  readonly memory: number;
  /** Zero: not limited. */
  readonly disk: number;
  readonly instances: number;
}

/** A course, or a group of people who share templates. */
export interface Workspace {
  readonly name: string;
  readonly title: string;
  /** Where its templates are; undefined until it exists. */
  readonly namespace: string | undefined;
  readonly quota: Quota;
  readonly autoEnroll: '' | 'withApproval' | 'immediate';
  readonly ready: boolean;
}

const FIELDS = `metadata { name } spec { prettyName autoEnroll quota { cpu memory disk instances } } status { ready namespace { name created } }`;

/** Follows one workspace. */
export const WORKSPACE = `subscription ($name: String!) {
  itPolitoCrownlabsV1alpha1WorkspaceUpdate(name: $name, initial: true) { updateType payload { ${FIELDS} } } }`;

/** Follows all workspaces. */
export const WORKSPACES = `subscription { itPolitoCrownlabsV1alpha1WorkspaceUpdate(initial: true) { updateType payload { ${FIELDS} } } }`;

/** A workspace from the wire. */
export function readWorkspace(payload: unknown): Workspace {
  const wire = new Wire(payload);
  const [spec, status] = [wire.at('spec'), wire.at('status')];
  const quota = spec.at('quota');
  const name = wire.at('metadata', 'name').text() ?? '';
  const autoEnroll = spec.at('autoEnroll').text();
  return {
    name,
    title: spec.at('prettyName').text() ?? name,
    namespace: status.at('namespace', 'created').flag() === false ? undefined : status.at('namespace', 'name').text(),
    quota: {
      cpu: quantityNumber(quota.at('cpu').amount()),
      memory: quantityNumber(quota.at('memory').amount()),
      disk: quantityNumber(quota.at('disk').amount()),
      instances: quantityNumber(quota.at('instances').amount()),
    },
    autoEnroll: autoEnroll === 'immediate' || autoEnroll === 'withApproval' ? autoEnroll : '',
    ready: status.at('ready').flag() ?? false,
  };
}
