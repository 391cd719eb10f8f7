import {
  type Instance,
  type SharedVolume,
  type Template,
  type Tenant,
  templates,
  tenants,
  type Workspace,
  workspaceNamespace,
  workspaces,
} from '@crownlabs/api';
import type { KubeObject, Resource } from '@crownlabs/client';
import { hasSpec, type Lab } from '../lab.ts';

/** What admission needs to know. Read from watches; what they have not told of yet is asked for. */
export interface AdmissionWorld {
  tenant(name: string): Promise<Tenant | undefined>;
  workspace(name: string): Promise<Workspace | undefined>;
  template(name: string, namespace: string): Promise<Template | undefined>;
  /** All templates that are known now, by namespace and name. */
  knownTemplate(name: string, namespace: string): Template | undefined;
  /** The workspace whose templates are in a namespace. */
  workspaceIn(namespace: string): Workspace | undefined;
  knownSharedVolume(name: string, namespace: string): SharedVolume | undefined;
  instancesIn(namespace: string): readonly Instance[];
  /** Whoever's personal namespace has the name. */
  tenantsIn(namespace: string): readonly Tenant[];
  ownsNamespace(tenant: string, namespace: string): boolean;
}

/** The world as the lab sees it. */
export function labWorld(lab: Lab, ownsNamespace: (tenant: string, namespace: string) => boolean): AdmissionWorld {
  const find = async <T extends KubeObject>(resource: Resource<T>, name: string, namespace?: string): Promise<T | undefined> => {
    const found = await lab.client.find(resource, name, namespace);
    return found && hasSpec(found) ? found : undefined;
  };
  return {
    tenant: async (name) => lab.tenants.get(name) ?? find(tenants, name),
    workspace: async (name) => lab.workspaces.get(name) ?? find(workspaces, name),
    template: async (name, namespace) => lab.templates.get(name, namespace) ?? find(templates, name, namespace),
    knownTemplate: (name, namespace) => lab.templates.get(name, namespace),
    workspaceIn: (namespace) => lab.workspaces.list().find(({ metadata }) => workspaceNamespace(metadata.name) === namespace),
    knownSharedVolume: (name, namespace) => lab.sharedVolumes.get(name, namespace),
    instancesIn: (namespace) => lab.instances.byIndex('namespace', namespace),
    tenantsIn: (namespace) => lab.tenants.byIndex('namespace', namespace),
    ownsNamespace,
  };
}
