import type { z } from 'zod';

/** A column of `kubectl get`. Priority 10 shows it with `-o wide` only. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly priority?: number;
}

/** All that there is to know of a kind: where it is served and the two schemas from which type, CRD, form rules and docs derive. */
export interface Kind<Spec extends z.ZodType = z.ZodType, Status extends z.ZodType = z.ZodType> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly description: string;
  readonly spec: Spec;
  readonly status: Status;
  readonly columns: readonly PrinterColumn[];
}

/** Where objects of type T are served: the shape that the client takes. The type parameter exists for the compiler alone. */
export interface ServedAt<T> {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly __type?: T;
}

/** The group of the compatible kinds. */
export const CROWNLABS_GROUP = 'crownlabs.polito.it';
/** The group of what the compatible one lacks. */
export const LAB_GROUP = 'lab.crownlabs.polito.it';

/** The client's view of a kind. */
export function servedAt<T>({ group, version, plural, kind, namespaced }: Kind): ServedAt<T> {
  return { group, version, plural, kind, namespaced };
}

/** The Age column that every kind has. */
export const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
