import { kindRows } from '../catalog.ts';
import { shape } from '../shapes.ts';

/** What every message of Kubernetes begins with. */
export const MAGIC: Uint8Array = Buffer.from('k8s\0', 'latin1');

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Which kind a message or an object is of. */
export interface TypeMeta {
  readonly apiVersion: string;
  readonly kind: string;
}

/** The name of the definition of a kind: of its group, or one that all groups share, such as DeleteOptions. */
export function definitionOf({ apiVersion, kind }: TypeMeta): string {
  const row = kindRows().find((one) => (one.group === '' ? one.version : `${one.group}/${one.version}`) === apiVersion);
  const own = row && `${row.definition.slice(0, row.definition.lastIndexOf('.'))}.${kind}`;
  return own !== undefined && shape(own) ? own : `${META}.${kind}`;
}
