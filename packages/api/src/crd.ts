import type { Kind, PrinterColumn } from './kind.ts';
import { type StructuralSchema, structuralSchema } from './structural-schema.ts';

/** A CustomResourceDefinition of ours. https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/ */
export interface LabCrd {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: {
    group: string;
    names: { kind: string; listKind: string; plural: string; singular: string; shortNames?: string[]; categories: string[] };
    scope: 'Namespaced' | 'Cluster';
    versions: {
      name: string;
      served: boolean;
      storage: boolean;
      schema: { openAPIV3Schema: StructuralSchema };
      subresources: { status: Record<string, never> };
      additionalPrinterColumns: PrinterColumn[];
    }[];
  };
}

/** The CustomResourceDefinition of a kind: one version, with a status subresource. */
export function crdOf(kind: Kind): LabCrd {
  const { group, version, plural, shortNames, namespaced, columns } = kind;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural,
        singular: kind.kind.toLowerCase(),
        ...(shortNames.length > 0 ? { shortNames: [...shortNames] } : {}),
        categories: ['crownlabs'],
      },
      scope: namespaced ? 'Namespaced' : 'Cluster',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: objectSchema(kind) },
          subresources: { status: {} },
          additionalPrinterColumns: columns.map((column) => ({ ...column })),
        },
      ],
    },
  };
}

function objectSchema(kind: Kind): StructuralSchema {
  return {
    type: 'object',
    description: kind.description,
    properties: {
      apiVersion: { type: 'string', description: 'Group and version of this representation of the object.' },
      kind: { type: 'string', description: 'The kind of the object, in CamelCase.' },
      metadata: { type: 'object' },
      spec: { ...structuralSchema(kind.spec), description: `What the ${kind.kind} should be.` },
      status: { ...structuralSchema(kind.status), description: `What the ${kind.kind} is. Written by controllers alone.` },
    },
  };
}
