import type { GraphRequest } from '../wire/graph-request.ts';
import type { GraphSocket } from '../wire/graph-socket.ts';
import { type ListShape, LiveList } from '../wire/live-list.ts';
import { problemOf } from '../wire/problem.ts';
import { IMAGE_BUILDS, type ImageBuild, readImageBuild } from './image-build.ts';
import { CREATE_INSTANCE, DELETE_INSTANCE, INSTANCES_OF, INSTANCES_WITH, type Instance, PATCH_INSTANCE, readInstance } from './instance.ts';
import { generatedName } from './names.ts';
import { CREATE_SNAPSHOT, DELETE_SNAPSHOT, readSnapshot, SNAPSHOTS_OF, type Snapshot } from './snapshot.ts';
import { canStartAtOnce, PATCH_TEMPLATE, readTemplate, TEMPLATES_OF, type Template } from './template.ts';
import { PATCH_TENANT, type Role, readTenant, TENANT, TENANTS, type Tenant } from './tenant.ts';
import { readWorkspace, WORKSPACE, WORKSPACES, type Workspace } from './workspace.ts';

const byTitle = (a: { title: string; name: string }, b: { title: string; name: string }) =>
  a.title.localeCompare(b.title) || a.name.localeCompare(b.name);
const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
const newestFirst = (a: Instance, b: Instance) => b.createdAt - a.createdAt || a.name.localeCompare(b.name);
const latestFirst = (a: Snapshot, b: Snapshot) => b.takenAt - a.takenAt || a.name.localeCompare(b.name);
const keyOf = (object: { namespace?: string | undefined; name: string }) => `${object.namespace ?? ''}/${object.name}`;

/** The laboratory as the page sees it: lists that stay up to date, and what a person can do. */
export class Lab {
  readonly #socket: GraphSocket;
  readonly #request: GraphRequest;
  // One list for each question that is asked; the type of a list is decided by its key's first word.
  readonly #instances = new Map<string, LiveList<Instance>>();
  readonly #templates = new Map<string, LiveList<Template>>();
  readonly #workspaces = new Map<string, LiveList<Workspace>>();
  readonly #tenants = new Map<string, LiveList<Tenant>>();
  readonly #snapshots = new Map<string, LiveList<Snapshot>>();
  readonly #builds: LiveList<ImageBuild>;
  /** When the person asked for something, by instance: the seconds shown are those he has waited. */
  readonly #askedAt = new Map<string, number>();

  constructor(socket: GraphSocket, request: GraphRequest) {
    this.#socket = socket;
    this.#request = request;
    this.#builds = new LiveList(socket, {
      query: { query: IMAGE_BUILDS },
      read: readImageBuild,
      keyOf: (build) => build.name,
      order: byName,
    });
  }

  instances(namespace: string, name?: string): LiveList<Instance> {
    const query = { query: INSTANCES_OF, variables: { namespace, name } };
    return this.#list(this.#instances, `in ${namespace} ${name ?? ''}`, { query, read: readInstance, keyOf, order: newestFirst });
  }

  /** A list that has one instance: that of its namespace where it is up already, which needs no question and no wait. */
  listWith(namespace: string, name: string): LiveList<Instance> {
    const all = this.instances(namespace);
    return all.followed ? all : this.instances(namespace, name);
  }

  /** Instances of several workspaces, of whoever they are. */
  instancesOfWorkspaces(workspaces: readonly string[]): LiveList<Instance> {
    const labels = `crownlabs.polito.it/workspace in (${workspaces.toSorted().join(',')})`;
    const query = { query: INSTANCES_WITH, variables: { labels } };
    return this.#list(this.#instances, labels, { query, read: readInstance, keyOf, order: newestFirst });
  }

  templates(namespace: string): LiveList<Template> {
    const query = { query: TEMPLATES_OF, variables: { namespace } };
    return this.#list(this.#templates, namespace, { query, read: readTemplate, keyOf, order: byTitle });
  }

  workspace(name: string): LiveList<Workspace> {
    return this.#list(this.#workspaces, name, {
      query: { query: WORKSPACE, variables: { name } },
      read: readWorkspace,
      keyOf: (it) => it.name,
      order: byTitle,
    });
  }

  workspaces(): LiveList<Workspace> {
    return this.#list(this.#workspaces, '*', { query: { query: WORKSPACES }, read: readWorkspace, keyOf: (it) => it.name, order: byTitle });
  }

  tenant(name: string): LiveList<Tenant> {
    return this.#list(this.#tenants, name, {
      query: { query: TENANT, variables: { name } },
      read: readTenant,
      keyOf: (it) => it.name,
      order: byName,
    });
  }

  tenants(): LiveList<Tenant> {
    return this.#list(this.#tenants, '*', { query: { query: TENANTS }, read: readTenant, keyOf: (it) => it.name, order: byName });
  }

  snapshots(namespace: string): LiveList<Snapshot> {
    const query = { query: SNAPSHOTS_OF, variables: { namespace } };
    return this.#list(this.#snapshots, namespace, { query, read: readSnapshot, keyOf, order: latestFirst });
  }

  builds(): LiveList<ImageBuild> {
    return this.#builds;
  }

  askedAt(instance: Pick<Instance, 'namespace' | 'name'>): number | undefined {
    return this.#askedAt.get(keyOf(instance));
  }

  /** Starts a copy of a template. The instance is shown at once; its name is returned when the API has accepted it. */
  async start(template: Template, owner: { name: string; namespace: string }): Promise<string> {
    const name = generatedName('instance-');
    const instance = pretendedInstance(template, owner, name);
    this.#askedAt.set(keyOf(instance), Date.now());
    const list = this.instances(owner.namespace);
    const undo = list.pretend(
      keyOf(instance),
      (item) => item ?? instance,
      (item) => item !== undefined,
    );
    const input = {
      apiVersion: 'crownlabs.polito.it/v1alpha2',
      kind: 'Instance',
      metadata: { name, namespace: owner.namespace },
      spec: {
        running: true,
        templateCrownlabsPolitoItTemplateRef: { name: template.name, namespace: template.namespace },
        tenantCrownlabsPolitoItTenantRef: { name: owner.name },
      },
    };
    await this.#orUndo(undo, CREATE_INSTANCE, { namespace: owner.namespace, instance: input }, 'AlreadyExists');
    return name;
  }

  async setRunning(instance: Instance, running: boolean): Promise<void> {
    this.#askedAt.set(keyOf(instance), Date.now());
    const awake = [{ op: 'add', path: '/spec/suspended', value: false }];
    await this.#change(instance, { running }, [{ op: 'add', path: '/spec/running', value: running }, ...(running ? awake : [])]);
  }

  /** Lets its machines sleep, with their memory kept. */
  async suspend(instance: Instance): Promise<void> {
    await this.#change(instance, {}, [{ op: 'add', path: '/spec/suspended', value: true }]);
  }

  /** Makes a template, beside the instance's own, that starts copies of its disk as it is now. It appears when the disk was copied. */
  async saveAsTemplate(instance: Instance, title: string): Promise<void> {
    const name = generatedName('saved-');
    await this.#copyDisk(instance, name, { template: { name, prettyName: title } });
  }

  /** Keeps the disk of an instance as it is now, to go back to. */
  async takeSnapshot(instance: Instance): Promise<void> {
    await this.#copyDisk(instance, generatedName('snapshot-'), {});
  }

  async #copyDisk({ name: from, namespace, template }: Instance, name: string, more: object): Promise<void> {
    const spec = { instanceRef: { name: from, namespace }, imageName: name, ...more };
    const metadata = { name, namespace: template.namespace };
    const snapshot = { apiVersion: 'crownlabs.polito.it/v1alpha2', kind: 'InstanceSnapshot', metadata, spec };
    await this.#request(CREATE_SNAPSHOT, { namespace: template.namespace, snapshot });
  }

  /** Makes the disk of an instance what it was. What was written since is lost. */
  async restore(instance: Instance, { name, namespace }: Snapshot): Promise<void> {
    this.#askedAt.set(keyOf(instance), Date.now());
    const requestedAt = `${new Date().toISOString().slice(0, 19)}Z`;
    await this.#change(instance, {}, [{ op: 'add', path: '/spec/restore', value: { snapshotRef: { name, namespace }, requestedAt } }]);
  }

  async forgetSnapshot({ name, namespace }: Snapshot): Promise<void> {
    await this.#request(DELETE_SNAPSHOT, { namespace, name });
  }

  /** Lets copies of a template's machines go on from a memory that is prepared once, or boot each. */
  async setInstantStart({ namespace, name, environments }: Template, wanted: boolean): Promise<void> {
    const patch = environments.flatMap((environment, index) => {
      const path = `/spec/environmentList/${index}`;
      // Somebody may have put another one in its place.
      const same = { op: 'test', path: `${path}/name`, value: environment.name };
      return canStartAtOnce(environment) ? [same, { op: 'add', path: `${path}/instantStart`, value: wanted }] : [];
    });
    await this.#request(PATCH_TEMPLATE, { namespace, name, patch: JSON.stringify(patch) });
  }

  async rename(instance: Instance, title: string): Promise<void> {
    await this.#change(instance, { title }, [{ op: 'add', path: '/spec/prettyName', value: title }]);
  }

  async remove(instance: Instance): Promise<void> {
    const { namespace, name } = instance;
    const undo = this.#pretend(
      instance,
      (item) => item && { ...item, deleting: true },
      (item) => item === undefined || item.deleting,
    );
    await this.#orUndo(undo, DELETE_INSTANCE, { namespace, name }, 'NotFound');
  }

  async setPublicKeys(tenant: Tenant, publicKeys: readonly string[]): Promise<void> {
    await this.#patchTenant(tenant, [{ op: 'add', path: '/spec/publicKeys', value: publicKeys }]);
  }

  async setWorkspaces(tenant: Tenant, workspaces: readonly { name: string; role: Role }[]): Promise<void> {
    await this.#patchTenant(tenant, [{ op: 'add', path: '/spec/workspaces', value: workspaces }]);
  }

  /** Tells the system that the person is here, which makes it prepare what the person needs. */
  async recordVisit(name: string): Promise<void> {
    const patch = [{ op: 'add', path: '/spec/lastLogin', value: `${new Date().toISOString().slice(0, 19)}Z` }];
    await this.#request(PATCH_TENANT, { name, manager: 'dashboard-last-login', patch: JSON.stringify(patch) });
  }

  async #patchTenant(tenant: Tenant, changes: readonly object[]): Promise<void> {
    // Nobody else's change may be lost: the person as it was read is what is changed.
    const patch = [{ op: 'test', path: '/metadata/resourceVersion', value: tenant.resourceVersion }, ...changes];
    await this.#request(PATCH_TENANT, { name: tenant.name, manager: 'dashboard', patch: JSON.stringify(patch) });
  }

  async #change(instance: Instance, shown: Partial<Instance>, patch: readonly object[]): Promise<void> {
    const { namespace, name } = instance;
    const same = (item: Instance) =>
      (shown.running === undefined || item.running === shown.running) && (shown.title === undefined || item.title === shown.title);
    const undo = this.#pretend(
      instance,
      (item) => item && { ...item, ...shown },
      (item) => item === undefined || same(item),
    );
    await this.#orUndo(undo, PATCH_INSTANCE, { namespace, name, patch: JSON.stringify(patch) });
  }

  /** An instance may be on several lists: its owner's, its teacher's, its own page's. */
  #pretend(
    instance: Instance,
    change: (item: Instance | undefined) => Instance | undefined,
    settled: (item: Instance | undefined) => boolean,
  ): () => void {
    const undo = [...this.#instances.values()].map((list) => list.pretend(keyOf(instance), change, settled));
    return () => {
      for (const one of undo) one();
    };
  }

  async #orUndo(undo: () => void, mutation: string, variables: Record<string, unknown>, done?: string): Promise<void> {
    try {
      await this.#request(mutation, variables);
    } catch (error) {
      // A request that was made twice, because the first answer was lost, finds its own work.
      if (problemOf(error).reason === done) return;
      undo();
      throw error;
    }
  }

  #list<T>(lists: Map<string, LiveList<T>>, key: string, shape: ListShape<T>): LiveList<T> {
    const known = lists.get(key) ?? new LiveList(this.#socket, shape);
    lists.set(key, known);
    return known;
  }
}

function pretendedInstance(template: Template, owner: { name: string; namespace: string }, name: string): Instance {
  return {
    name,
    namespace: owner.namespace,
    uid: '',
    title: '',
    running: true,
    deleting: false,
    template: { name: template.name, namespace: template.namespace },
    tenant: { name: owner.name, fullName: '' },
    workspace: template.workspace,
    createdAt: Date.now(),
    phase: '',
    environments: [],
    conditions: [],
    pretended: true,
  };
}
