import { eventRecorder } from '@crownlabs/client';
import { specChanged, watched } from '@crownlabs/controller';
import { type Controllers, labController } from '../controller-parts.ts';
import { owned } from '../lab.ts';
import { workspaceReconciler } from './reconcile.ts';

/** Workspaces get a namespace, roles, and the people who belong there. */
export const workspaceControllers: Controllers = (parts) => {
  const { client, lab, clock, log } = parts;
  const events = eventRecorder(client, { component: 'workspace-operator', clock, log });
  const sources = [
    watched(lab.workspaces, { when: specChanged }),
    ...owned(lab, 'Workspace', ['namespaces', 'rolebindings', 'clusterrolebindings']),
  ];
  return [labController(parts, { name: 'workspace', workers: 4, sources, reconcile: workspaceReconciler({ ...parts, events }) })];
};
