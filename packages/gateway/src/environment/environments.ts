import { environmentObjectName, type Instance, instancePath, isMachine, LABEL, type Template } from '@crownlabs/api';
import type { InstanceKey } from '@crownlabs/auth';
import type { Informer, Kube, ObjectKey } from '@crownlabs/client';
import { LabError } from '@crownlabs/std';
import type { Pod } from 'kubernetes-types/core/v1.js';

/** What the gateway watches. Each is an informer of the client room, or anything that behaves like one. */
export interface Watched {
  readonly instances: Pick<Informer<Instance>, 'get' | 'onChange'>;
  /** Pods that carry the label of an instance. */
  readonly pods: Pick<Informer<Kube<Pod>>, 'onChange'>;
  readonly templates: Pick<Informer<Template>, 'get'>;
}

/** One environment of one Instance, as an address names it. */
export interface EnvironmentKey extends InstanceKey {
  readonly environment: string;
}

/** A pod in which an environment runs. */
export interface EnvironmentPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly ip: string;
  /** The container that is the environment itself. */
  readonly container: string;
  /** The VirtualMachineInstance that runs in it, where the environment is a machine. */
  readonly machine: ObjectKey | undefined;
  /** Ends when the pod does. */
  readonly gone: AbortSignal;
}

/** Which environments exist and where they run, from watches alone: nothing here asks twice. */
export class Environments {
  readonly #watched: Watched;
  readonly #byUid = new Map<string, Instance>();
  readonly #byShortUid = new Map<string, Set<Instance>>();
  readonly #pods = new Map<string, Map<string, Kube<Pod>>>();
  readonly #living = new Map<string, AbortController>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #stops: (() => void)[];

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#stops = [
      watched.instances.onChange((now, before) => this.#instanceChanged(now, before)),
      watched.pods.onChange((now, before) => this.#podChanged(now, before)),
    ];
  }

  /** Throws NotFound. */
  instance({ namespace, name }: InstanceKey): Instance {
    const found = this.#watched.instances.get(name, namespace);
    if (!found) throw new LabError('NotFound', `There is no instance ${name}.`);
    return found;
  }

  instanceByUid(uid: string): Instance | undefined {
    return this.#byUid.get(uid);
  }

  /** The environment whose origin has `label`: `<env>-<first 8 of uid>`. */
  byOrigin(label: string): { readonly instance: Instance; readonly environment: string } | undefined {
    const [, environment = '', shortUid = ''] = /^(.+)-([0-9a-f]{8})$/.exec(label) ?? [];
    const candidates = [...(this.#byShortUid.get(shortUid) ?? [])];
    const instance = candidates.find((candidate) => this.has(candidate, environment));
    return instance && { instance, environment };
  }

  has(instance: Instance, environment: string): boolean {
    const known = this.#template(instance)?.spec.environmentList.some(({ name }) => name === environment);
    return known ?? instance.status?.environments?.some(({ name }) => name === environment) ?? false;
  }

  /** What the environment's own server sees of `path`: all of it, or without the prefix where the template says so. */
  pathInside(instance: Instance, environment: string, path: string): string {
    const item = this.#item(instance, environment);
    const prefix = instancePath(instance.metadata.uid ?? '', environment).slice(0, -1);
    // A machine was installed without knowing of any prefix.
    if (!item || !(item.rewriteURL || isMachine(item)) || !path.startsWith(prefix)) return path;
    return path.slice(prefix.length).replace(/^(?!\/)/, '/');
  }

  /** Whether the environment itself shows a desktop by now. Of a machine that does not there is the screen that its hypervisor draws. */
  hasDesktopInside(key: EnvironmentKey, { machine }: EnvironmentPod): boolean {
    if (!machine) return true;
    const instance = this.instance(key);
    const status = instance.status?.environments?.find(({ name }) => name === key.environment);
    return status?.phase === 'Ready' && this.#item(instance, key.environment)?.guiEnabled !== false;
  }

  /** The pod that runs the environment now. */
  pod(key: EnvironmentKey): EnvironmentPod | undefined {
    const candidates = [...(this.#pods.get(idOf(key))?.values() ?? [])].filter(
      (pod) => !pod.metadata.deletionTimestamp && pod.status?.podIP,
    );
    const newest = candidates.toSorted(
      (a, b) => Date.parse(b.metadata.creationTimestamp ?? '') - Date.parse(a.metadata.creationTimestamp ?? ''),
    )[0];
    return newest && this.#podOf(newest, key);
  }

  /** The pod that runs the environment, as soon as there is one. */
  async podWhenThere(key: EnvironmentKey, signal: AbortSignal): Promise<EnvironmentPod> {
    for (;;) {
      signal.throwIfAborted();
      const pod = this.pod(key);
      if (pod) return pod;
      await this.#nextChange(idOf(key), signal);
    }
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    for (const living of this.#living.values()) living.abort();
  }

  #item(instance: Instance, environment: string): Template['spec']['environmentList'][number] | undefined {
    return this.#template(instance)?.spec.environmentList.find(({ name }) => name === environment);
  }

  #template(instance: Instance): Template | undefined {
    const { name, namespace } = instance.spec['template.crownlabs.polito.it/TemplateRef'];
    return this.#watched.templates.get(name, namespace);
  }

  #instanceChanged(now: Instance | undefined, before: Instance | undefined): void {
    for (const [object, present] of [
      [before, false],
      [now, true],
    ] as const) {
      const uid = object?.metadata.uid;
      if (!object || !uid) continue;
      const short = uid.slice(0, 8);
      const sharers = this.#byShortUid.get(short) ?? new Set();
      if (present) this.#byUid.set(uid, object);
      else this.#byUid.delete(uid);
      if (present) sharers.add(object);
      else sharers.delete(object);
      if (sharers.size > 0) this.#byShortUid.set(short, sharers);
      else this.#byShortUid.delete(short);
    }
  }

  #podChanged(now: Kube<Pod> | undefined, before: Kube<Pod> | undefined): void {
    // A pod of the same name may be another one by now.
    if (before && before.metadata.uid !== now?.metadata.uid) this.#drop(before);
    if (now && isOver(now)) this.#drop(now);
    else if (now) this.#keep(now);
    const id = idOfPod(now ?? before);
    for (const wake of this.#waiting.get(id) ?? []) wake();
  }

  #keep(pod: Kube<Pod>): void {
    const id = idOfPod(pod);
    const pods = this.#pods.get(id) ?? new Map<string, Kube<Pod>>();
    this.#pods.set(id, pods.set(pod.metadata.uid ?? '', pod));
    if (pod.metadata.deletionTimestamp) this.#living.get(pod.metadata.uid ?? '')?.abort(STOPPED);
  }

  #drop(pod: Kube<Pod>): void {
    const id = idOfPod(pod);
    const uid = pod.metadata.uid ?? '';
    this.#living.get(uid)?.abort(STOPPED);
    this.#living.delete(uid);
    const pods = this.#pods.get(id);
    pods?.delete(uid);
    if (pods?.size === 0) this.#pods.delete(id);
  }

  #podOf(pod: Kube<Pod>, { name: instance, environment }: EnvironmentKey): EnvironmentPod {
    const { name, namespace = '', uid = '' } = pod.metadata;
    const living = this.#living.get(uid) ?? new AbortController();
    this.#living.set(uid, living);
    const containers = pod.spec?.containers ?? [];
    const container = (containers.find((candidate) => candidate.name === environment) ?? containers[0])?.name ?? environment;
    const machine = isLauncher(pod) ? { namespace, name: environmentObjectName(instance, environment) } : undefined;
    return { namespace, name, uid, ip: pod.status?.podIP ?? '', container, machine, gone: living.signal };
  }

  #nextChange(id: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiting);
      const done = () => {
        waiting.delete(done);
        if (waiting.size === 0) this.#waiting.delete(id);
        signal.removeEventListener('abort', done);
        if (signal.aborted) reject(LabError.from(signal.reason, 'Timeout'));
        else resolve();
      };
      waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }
}

const STOPPED = new LabError('Expired', 'The environment was stopped.');

function isOver({ status }: Kube<Pod>): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Pods of machines bear the label that KubeVirt gives them. */
function isLauncher({ metadata: { labels } }: Kube<Pod>): boolean {
  return labels?.['kubevirt.io'] === 'virt-launcher';
}

/** Pods that belong to no environment share one name that nobody asks for; what fills the disk of a machine is one of them. */
function idOfPod(pod: Kube<Pod> | undefined): string {
  const labels = pod?.metadata.labels?.['cdi.kubevirt.io'] === undefined ? (pod?.metadata.labels ?? {}) : {};
  return idOf({
    namespace: pod?.metadata.namespace ?? '',
    name: labels[LABEL.instance] ?? '',
    environment: labels[LABEL.environment] ?? '',
  });
}

const idOf = ({ namespace, name, environment }: EnvironmentKey) => `${namespace}/${name}/${environment}`;
