/** The kinds of types that expressions have. `opaque` is a type of a library, `param` a type variable of a signature. */
type TypeKind =
  | 'dyn'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null'
  | 'duration'
  | 'timestamp'
  | 'type'
  | 'list'
  | 'map'
  | 'object'
  | 'optional'
  | 'opaque'
  | 'param';

/** The size that a value without a known limit may have: that of the largest request. */
export const REQUEST_BYTES = 3 * 1024 * 1024;

/** A type, with what a schema says about the size of its values: costs are estimated from that. */
export interface CelType {
  readonly kind: TypeKind;
  /** Name of an opaque type, of an object's type, or of a type variable. */
  readonly name?: string;
  /** Of a list or an optional: the element. Of a map: key and value. */
  readonly of?: readonly CelType[];
  /** Most elements, characters or entries that a value can have. */
  readonly max?: number;
  /** Fewest bytes that a value takes in a request. */
  readonly minBytes?: number;
  /** The type of a field of an object; `undefined` when there is none. */
  readonly field?: (name: string) => CelType | undefined;
  /** How lists of this type compare and concatenate. */
  readonly list?: { readonly unique: 'items' | 'keys'; readonly keys: readonly string[] };
  /** How JSON of an object becomes its fields. */
  readonly key?: (field: string) => string;
}

const simple = (kind: TypeKind, minBytes = 1): CelType => ({ kind, minBytes });

/** Any value: known at run time only. */
export const DYN = simple('dyn');
/** True or false. */
export const BOOL = simple('bool', 4);
/** A whole number of 64 bits. */
export const INT = simple('int');
export const UINT = simple('uint');
export const DOUBLE = simple('double');
/** A text. */
export const STRING = simple('string', 2);
export const BYTES = simple('bytes', 2);
export const NULL = simple('null', 4);
export const DURATION = simple('duration', 4);
export const TIMESTAMP = simple('timestamp', 12);
export const TYPE = simple('type');

/** A list, of at most `max` elements. */
export const list = (element: CelType, max?: number): CelType => ({
  kind: 'list',
  of: [element],
  minBytes: 2,
  ...(max === undefined ? {} : { max }),
});
/** A map, of at most `max` entries. */
export const map = (key: CelType, value: CelType, max?: number): CelType => ({
  kind: 'map',
  of: [key, value],
  minBytes: 2,
  ...(max === undefined ? {} : { max }),
});
export const optional = (of: CelType): CelType => ({ kind: 'optional', of: [of] });
export const opaque = (name: string): CelType => ({ kind: 'opaque', name });
export const param = (name: string): CelType => ({ kind: 'param', name });

/** An object type with known fields, for variables that are not described by a schema. */
export function objectType(name: string, fields: Readonly<Record<string, CelType>>): CelType {
  return { kind: 'object', name, field: (field) => (Object.hasOwn(fields, field) ? fields[field] : undefined) };
}

/** The element of a list, or a part of a map or an optional; unknown where the type does not say. */
export function part(type: CelType, index = 0): CelType {
  return type.of?.[index] ?? DYN;
}

const NAMES: Partial<Record<TypeKind, string>> = {
  null: 'null_type',
  duration: 'google.protobuf.Duration',
  timestamp: 'google.protobuf.Timestamp',
};

/** A type's name as compile errors write it. */
export function typeText(type: CelType): string {
  switch (type.kind) {
    case 'list':
      return `list(${typeText(part(type))})`;
    case 'map':
      return `map(${typeText(part(type))}, ${typeText(part(type, 1))})`;
    case 'optional':
      return `optional_type(${typeText(part(type))})`;
    case 'object':
    case 'opaque':
    case 'param':
      return type.name ?? type.kind;
    default:
      return NAMES[type.kind] ?? type.kind;
  }
}

/** What type variables stand for in one call. */
export type Binding = Map<string, CelType>;

const NULLABLE = new Set<TypeKind>(['object', 'opaque', 'duration', 'timestamp', 'optional', 'null', 'dyn']);

function bind(name: string, argument: CelType, binding: Binding): boolean {
  const bound = binding.get(name);
  if (bound === undefined || bound.kind === 'dyn') {
    if (bound === undefined) binding.set(name, argument);
    return true;
  }
  if (assignable(bound, argument, binding)) return true;
  if (!assignable(argument, bound, binding)) return false;
  binding.set(name, argument);
  return true;
}

/** Whether a value of type `argument` may stand where `wanted` is asked; binds type variables on the way. */
export function assignable(wanted: CelType, argument: CelType, binding: Binding = new Map()): boolean {
  if (wanted.kind === 'param') return bind(wanted.name ?? '', argument, binding);
  if (wanted.kind === 'dyn' || argument.kind === 'dyn') return true;
  if (argument.kind === 'null') return NULLABLE.has(wanted.kind);
  if (wanted.kind !== argument.kind) return false;
  if (wanted.kind === 'opaque') return wanted.name === argument.name;
  return (wanted.of ?? []).every((element, index) => assignable(element, part(argument, index), binding));
}

/** A signature's type with its variables replaced; what is not bound is unknown. */
export function substitute(type: CelType, binding: Binding): CelType {
  if (type.kind === 'param') return binding.get(type.name ?? '') ?? DYN;
  return type.of === undefined ? type : { ...type, of: type.of.map((element) => substitute(element, binding)) };
}

/** One type for values of both, or nothing when there is none but `dyn`. */
export function join(a: CelType, b: CelType): CelType | undefined {
  if (a.kind === 'dyn' || b.kind === 'dyn') return DYN;
  if (assignable(a, b)) return (b.max ?? 0) > (a.max ?? 0) ? { ...a, max: b.max ?? 0 } : a;
  return assignable(b, a) ? b : undefined;
}
