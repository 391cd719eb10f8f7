import type { FieldError } from './field-error.ts';
import type { Json, JsonObject } from './json.ts';
import type { UserInfo } from './user.ts';

/** A schema as OpenAPI v3 writes it, with `x-kubernetes-*` marks; `$ref` points into the document's own definitions. */
export type Schema = JsonObject;

/** A column of a Table. `path` is a simple JSONPath; `cell` computes what a path cannot say. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly path?: string;
  readonly cell?: (object: JsonObject, now: number) => Json;
}

/** What is going on while an object is being checked. */
export interface WriteContext {
  readonly user: UserInfo;
  readonly now: number;
  readonly namespace?: string;
  /** The subresource written, `''` for the object itself. */
  readonly subresource: string;
  /** What was found wrong with the metadata. */
  readonly found?: readonly FieldError[];
  /** Adds a `Warning` header. */
  warn(text: string): void;
}

/**
 * One resource that the API serves, built-in or from a CustomResourceDefinition: all that the request pipeline
 * needs to know of it. Functions are pure over the objects given; they may change `object`, never `old`.
 */
export interface ResourceInfo {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Key in the store: objects of several versions or groups (events) share one. */
  readonly storage: { readonly group: string; readonly plural: string };
  /** The version objects are stored in; another served version differs by `convert`. */
  readonly storageVersion: string;
  readonly verbs: readonly string[];
  /** Served subresources by name: `status`, `scale`, `log`, … */
  readonly subresources: Readonly<Record<string, Subresource>>;
  /** Custom resources behave differently in a few places of the wire (kubernetes-api.md A10, E2, I1). */
  readonly custom: boolean;
  /** Schema of one object, `$ref`s resolved lazily by `definitions`. */
  readonly schema: Schema | undefined;
  readonly definitions?: Readonly<Record<string, Schema>>;
  /** Name of `schema` among the definitions; custom resources have none. */
  readonly definition?: string;
  /** Whether `metadata.generation` is kept; which part of the object counts. */
  readonly generation: 'none' | 'spec' | 'all-but-metadata';
  /** PUT without resourceVersion is allowed. */
  readonly unconditionalUpdate: boolean;
  /** PUT of a name that does not exist creates it. */
  readonly createOnUpdate: boolean;
  /** A finished delete answers with the object instead of a Status. */
  readonly deleteReturnsObject: boolean;
  /** What a raw DELETE without a policy does to dependents. */
  readonly defaultPropagation: 'Background' | 'Orphan' | 'None';
  /** Selectable fields beside metadata.name and metadata.namespace: path to its value as text. */
  readonly fieldSelectors: Readonly<Record<string, (object: JsonObject) => string>>;
  readonly columns: readonly Column[];
  readonly deprecation?: string;
  /** The revision at which the resource began to be served in this process; a watch from before it cannot know what it missed. */
  readonly servedSince?: number;
  /** Which names the kind takes; the core checks them with the rest of the metadata. Default: DNS subdomain. */
  readonly nameRule?: NameRule;

  /** From another served version to this one (strategy None: nothing but apiVersion). */
  convert?(object: JsonObject): JsonObject;
  /**
   * Removes what the schema does not know; reports each path that it removed. Metadata of embedded resources that has no form is
   * told to `malformed`, and dropped where nobody listens (stored objects). Nulls that nothing allows and no default replaces go too,
   * unless the object was `applied`: what somebody wants to own is judged.
   */
  prune(object: JsonObject, unknown: (path: string) => void, malformed?: (path: string, why: string) => void, applied?: boolean): void;
  /** Fills in defaults, in place; runs on decode, after patches, and on reads of old objects. */
  applyDefaults(object: JsonObject): void;
  /** Wipes what callers may not set and carries over what they may not change (status on the main endpoint, spec on /status). */
  prepare(object: JsonObject, old: JsonObject | undefined, context: WriteContext): void;
  validate(object: JsonObject, old: JsonObject | undefined, context: WriteContext): readonly FieldError[];
  /** Fields that an apply through this endpoint does not own (`status` on the main endpoint): paths of the fieldsV1 form. */
  resetFields(subresource: string): readonly (readonly string[])[];
}

/** The rules that object names follow. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
export type NameRule = 'dns-subdomain' | 'dns-label' | 'dns-1035-label' | 'path-segment';

/** A served subresource. */
export interface Subresource {
  readonly verbs: readonly string[];
  /** Kind of its body, where it is not the parent's. */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string };
  /** Scale: where the numbers are. */
  readonly scale?: { readonly specReplicas: string; readonly statusReplicas: string; readonly selector?: string };
}
