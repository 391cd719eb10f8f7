import { cloneJson } from '../clone-json.ts';
import { isObject, type JsonObject } from '../json.ts';
import { REF_PREFIX } from '../kinds/index.ts';
import type { ResourceInfo, Schema } from '../resource.ts';
import { StatusError } from '../status-error.ts';
import { atOnce, inTurns } from '../turn.ts';
import { typedProblems } from './check-typed.ts';
import { type Comparison, compareTyped, ignoring } from './compare-typed.ts';
import { FieldSet } from './field-set.ts';
import { fieldsOf, withNamedFields } from './fields-of.ts';
import { fieldsOfLastApplied, rememberApplied } from './last-applied.ts';
import { decodeManagers, identityOf, type Manager, type Managers, writeManagers } from './managers.ts';
import { mergeTyped } from './merge-typed.ts';
import { conflictError, type FieldConflict, takeFrom, UNOWNED } from './ownership.ts';
import { removeTyped } from './remove-typed.ts';
import { type ResourceTypes, resetSet, typesOf } from './resource-types.ts';
import { configOfScale } from './scale-config.ts';
import { changesOf, managedFieldsOf, timeOf, updatedManagers } from './track-update.ts';
import type { ValueTypes } from './value-type.ts';

/** A server-side apply. */
export interface ApplyPatch {
  /** Absent when the apply creates. Never changed. */
  readonly live: JsonObject | undefined;
  /** The applied configuration, as sent. For `/scale`, a Scale. */
  readonly config: JsonObject;
  readonly manager: string;
  readonly force: boolean;
  readonly resource: ResourceInfo;
  readonly subresource: string;
  readonly now: number;
}

/** Who owned an object before anybody applied. */
const BEFORE_FIRST_APPLY = 'before-first-apply';
const KUBECTL = 'kubectl';
const NONE = new FieldSet();
const SCALE: Schema = { $ref: `${REF_PREFIX}io.k8s.api.autoscaling.v1.Scale` };

/** The object after a server-side apply, with its new managedFields. Throws Conflict, with a cause for each contested field. */
export function applyPatch(patch: ApplyPatch): JsonObject {
  return atOnce(stepsOf(patch));
}

/** The same in short turns: a large object is walked a dozen times. */
export function applyPatchInTurns(patch: ApplyPatch): JsonObject | Promise<JsonObject> {
  return inTurns(stepsOf(patch));
}

function stepsOf(patch: ApplyPatch): Generator<void, JsonObject> {
  if (patch.subresource !== 'scale') return new Apply(patch).steps();
  demandTyped(typesOf(patch.resource).types, patch.config, SCALE);
  return new Apply({ ...patch, config: configOfScale(patch.config, patch.resource) }).steps();
}

class Apply {
  readonly #patch: ApplyPatch;
  readonly #live: JsonObject;
  readonly #typed: ResourceTypes;
  readonly #reset: FieldSet;
  readonly #self: string;

  constructor(patch: ApplyPatch) {
    this.#patch = patch;
    this.#live = withoutManagedFields(patch.live ?? {});
    this.#typed = typesOf(patch.resource);
    this.#reset = resetSet(patch.resource, patch.subresource);
    this.#self = identityOf({ name: patch.manager, operation: 'Apply', apiVersion: '', subresource: patch.subresource });
  }

  /** Stops between its steps. */
  *steps(): Generator<void, JsonObject> {
    const { types, root } = this.#typed;
    const { config } = this.#patch;
    demandTyped(types, config, root);
    yield;
    const managers = this.#managers();
    const before = managers.get(this.#self);
    yield;
    const said = fieldsOf(types, config, root);
    yield;
    const next: Managers = new Map(managers).set(this.#self, this.#manager(said, before));
    const merged = mergeTyped(types, this.#live, config, root);
    yield;
    // What it said before and says again needs no looking for: nothing of it goes.
    const drops = before !== undefined && !before.fields.difference(said).isEmpty;
    const result = drops ? this.#prune(merged, before.fields, [...next.values()].map(({ fields }) => fields).concat(said)) : merged;
    yield;
    const compared = this.#compare(said, result);
    const changed = this.#patch.live === undefined ? compared : ignoring(compared, this.#reset);
    yield;
    const { left, conflicts } = takeFrom(next, this.#self, changed);
    yield;
    if (!this.#patch.force) this.#refuse(conflicts);
    this.#stamp(left, before, compared);
    yield;
    const object = cloneJson(result);
    if (!isObject(object['metadata'])) object['metadata'] = {};
    if (this.#patch.manager === KUBECTL) rememberApplied(object, this.#live, config);
    yield;
    writeManagers(object, left);
    return object;
  }

  /** Where there was nothing, what is said is what is new. */
  #compare(said: FieldSet, result: JsonObject): Comparison {
    if (this.#patch.live === undefined) return { added: said, modified: NONE, removed: NONE };
    const { types, root } = this.#typed;
    return compareTyped(types, this.#live, result, root);
  }

  #managers(): Managers {
    const { live, resource, now } = this.#patch;
    const decoded = decodeManagers(managedFieldsOf(live)) ?? new Map();
    if (!live || decoded.size > 0) return decoded;
    const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
    const update = { before: undefined, after: this.#live, manager: BEFORE_FIRST_APPLY, apiVersion, subresource: '', now, resource };
    return updatedManagers(decoded, changesOf(update), update);
  }

  #manager(said: FieldSet, before: Manager | undefined): Manager {
    const { manager, subresource, resource } = this.#patch;
    const fields = said.difference(UNOWNED).without(this.#reset);
    const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
    return { name: manager, operation: 'Apply', apiVersion, subresource, fields, time: before?.time };
  }

  /** An apply that changes nothing leaves no time behind. */
  #stamp(managers: Managers, before: Manager | undefined, { added, modified, removed }: Comparison): void {
    const self = managers.get(this.#self);
    const same = [added, modified, removed].every((set) => set.isEmpty) || (before && self?.fields.equals(before.fields));
    if (self && !same) managers.set(this.#self, { ...self, time: timeOf(this.#patch) });
  }

  /** Takes away what this manager applied before, says no more, and nobody else owns. */
  #prune(merged: JsonObject, last: FieldSet, wanted: readonly FieldSet[]): JsonObject {
    if (last.isEmpty) return merged;
    const { types, root } = this.#typed;
    const named = (set: FieldSet) => withNamedFields(types, set, root);
    const all = named(fieldsOf(types, merged, root));
    const lastNamed = named(last);
    const kept = fieldsOf(types, removeTyped(types, merged, lastNamed, root), root);
    const owned = wanted.reduce((set, fields) => set.union(named(fields)), named(kept));
    const left = named(fieldsOf(types, removeTyped(types, merged, all.difference(owned), root), root));
    // What this manager never owned stays, even inside something that it drops.
    return removeTyped(types, merged, all.difference(left).intersection(lastNamed), root);
  }

  #refuse(conflicts: readonly FieldConflict[]): void {
    if (conflicts.length === 0) return;
    if (this.#patch.subresource === 'scale') throw conflictError(conflicts.map(asOfScale));
    if (this.#patch.manager !== KUBECTL) throw conflictError(conflicts);
    const allowed = fieldsOfLastApplied(this.#live, this.#typed);
    const contested = conflicts.filter(({ path }) => !hasPath(allowed, path));
    if (contested.length > 0) throw conflictError(contested);
  }
}

function demandTyped(types: ValueTypes, config: JsonObject, root: Schema): void {
  const problems = typedProblems(types, config, root);
  if (problems.length === 0) return;
  const text = problems.length === 1 ? problems[0] : `errors:\n${problems.map((one) => `  ${one}`).join('\n')}`;
  throw new StatusError('InternalError', `failed to create typed patch object (${subjectText(config)}): ${text}`, { reason: '' });
}

/** At `/scale` everybody seems to own the field of a Scale. */
function asOfScale({ owner }: FieldConflict): FieldConflict {
  return { owner: { ...owner, apiVersion: 'autoscaling/v1' }, path: ['f:spec', 'f:replicas'] };
}

function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let here: FieldSet | undefined = set;
  for (const element of path.slice(0, -1)) here = here?.children.get(element);
  return here?.members.has(path.at(-1) ?? '') ?? false;
}

function withoutManagedFields(object: JsonObject): JsonObject {
  const metadata = object['metadata'];
  if (!isObject(metadata) || metadata['managedFields'] === undefined) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}

function subjectText(config: JsonObject): string {
  const metadata = isObject(config['metadata']) ? config['metadata'] : {};
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const apiVersion = text(config['apiVersion']);
  const gv = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
  return `${text(metadata['namespace'])}/${text(metadata['name'])}; ${gv}, Kind=${text(config['kind'])}`;
}
