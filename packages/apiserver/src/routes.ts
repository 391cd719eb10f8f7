import { LabError } from '@crownlabs/std';
import type { Api, ResourceCall, Verb } from './pipeline.ts';
import type { ResourceInfo, Subresource } from './resource.ts';
import { resourceText, StatusError } from './status-error.ts';
import { bind, bindNamed } from './verbs/binding.ts';
import { create } from './verbs/create.ts';
import { remove } from './verbs/delete.ts';
import { deleteCollection } from './verbs/delete-collection.ts';
import { evict } from './verbs/eviction.ts';
import { list } from './verbs/list.ts';
import { patch } from './verbs/patch.ts';
import { get } from './verbs/read.ts';
import { getScale, patchScale, updateScale } from './verbs/scale.ts';
import { update } from './verbs/update.ts';
import { virtualCreate } from './verbs/virtual.ts';
import { watchVerb } from './verbs/watch.ts';
import type { WatchHub } from './verbs/watch-hub.ts';

type Verbs = Readonly<Record<string, Verb>>;

const SCALE: Verbs = { get: getScale, update: updateScale, patch: patchScale };
const PART: Verbs = { get, update, patch };

/** Subresources with an answer of their own, by `group/plural/subresource`; `*` is any resource. */
const SPECIAL: Readonly<Record<string, Verbs>> = {
  '/pods/binding': { create: bind },
  '/pods/eviction': { create: evict },
};

/** Finds the verb that answers a request for a served resource. */
export class Routes {
  readonly #objectVerbs: Verbs;
  readonly #extra = new Map<string, Verbs>();

  constructor(hub: WatchHub) {
    this.#objectVerbs = { get, list, watch: watchVerb(hub), create, update, patch, delete: remove, deletecollection: deleteCollection };
  }

  /** Adds subresources that need more than the store: pod streams. */
  add(key: string, verbs: Verbs): void {
    this.#extra.set(key, verbs);
  }

  /** The verb, or `undefined` when there is no such thing. Throws MethodNotAllowed when there is, but not this way. */
  find(api: Api, call: ResourceCall): Verb | undefined {
    const { info, attributes, rest } = call;
    if (attributes.subresource !== '') return this.#subresource(api, call);
    if (info.custom) return this.#ofCustom(call);
    if (rest.length > 0 || elsewhere(call)) return undefined;
    if (attributes.verb === 'create' && !call.named) {
      const made = this.#creation(api, info);
      if (made) return made;
    }
    const verb = info.verbs.includes(attributes.verb) ? this.#objectVerbs[attributes.verb] : undefined;
    if (!verb || misplaced(call) || call.incoming.method === 'HEAD') throw methodNotAllowed();
    return verb;
  }

  /** The POST of what is stored nowhere. */
  #creation(api: Api, { group, plural }: ResourceInfo): Verb | undefined {
    if (group === '' && plural === 'bindings') return bindNamed;
    const handler = api.virtual.get(`${group}/${plural}`);
    return handler && virtualCreate(handler);
  }

  /** Custom resources are told apart by the verb alone, wherever it is said. */
  #ofCustom({ info, attributes, named }: ResourceCall): Verb {
    const { verb } = attributes;
    const found = info.verbs.includes(verb) ? this.#objectVerbs[verb] : undefined;
    if (!found) throw notSupported(info, verb);
    if (!named && (verb === 'update' || verb === 'patch')) throw new LabError('BadRequest', 'name must be provided');
    return found;
  }

  #subresource(api: Api, call: ResourceCall): Verb | undefined {
    const { info, attributes } = call;
    const { subresource, verb } = attributes;
    const served = Object.hasOwn(info.subresources, subresource) ? info.subresources[subresource] : undefined;
    if (!served || tooLong(call) || (info.namespaced && attributes.namespace === '')) return undefined;
    const found = this.#subresourceVerbs(api, info, subresource, served)[verb];
    if (!found || !served.verbs.includes(verb) || (call.incoming.method === 'HEAD' && !info.custom))
      throw info.custom ? notSupported(info, verb) : methodNotAllowed();
    return found;
  }

  #subresourceVerbs(api: Api, info: ResourceInfo, subresource: string, served: Subresource): Verbs {
    const key = `${info.group}/${info.plural}/${subresource}`;
    const own = this.#extra.get(key) ?? SPECIAL[key];
    if (own) return own;
    const handler = api.virtual.get(key);
    if (handler) return { create: virtualCreate(handler) };
    return served.scale ? SCALE : PART;
  }
}

/** A cluster-scoped resource is not found below a namespace, nor one object of a namespaced resource without. */
export function elsewhere({ info, attributes, named }: ResourceCall): boolean {
  if (!info.namespaced) return attributes.namespace !== '' && info.plural !== 'namespaces';
  if (attributes.namespace !== '') return false;
  if (info.custom) return attributes.verb !== 'list' && attributes.verb !== 'watch';
  return named;
}

/** Whether a path goes on where nothing is; custom resources do not look that far. */
function tooLong({ info, attributes, rest }: ResourceCall): boolean {
  return rest.length > 0 && attributes.subresource !== 'proxy' && !info.custom;
}

const OF_ONE = new Set(['get', 'update', 'patch', 'delete', 'watch']);
const OF_MANY = new Set(['list', 'watch', 'create', 'deletecollection']);

/** 405. */
export function methodNotAllowed(): StatusError {
  return new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource', { details: {} });
}

/** 405 of custom resources. */
function notSupported(info: ResourceInfo, verb: string): StatusError {
  const message = `${verb} is not supported on resources of kind ${JSON.stringify(resourceText(info))}`;
  return new StatusError('MethodNotAllowed', message, { details: { group: info.group, kind: info.plural } });
}

/** Writes go to one object or to the collection of one namespace. */
function misplaced({ info, attributes, named }: ResourceCall): boolean {
  const { verb, namespace } = attributes;
  if (!(named ? OF_ONE : OF_MANY).has(verb)) return true;
  return info.namespaced && namespace === '' && verb !== 'list' && verb !== 'watch';
}
