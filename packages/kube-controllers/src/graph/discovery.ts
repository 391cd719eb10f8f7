import type { KubeClient, Resource } from '@crownlabs/client';

/** A resource as discovery describes it. */
export interface ServedResource extends Resource {
  readonly verbs: readonly string[];
}

const ACCEPT = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

interface GroupDocument {
  metadata?: { name?: string };
  versions?: {
    version: string;
    resources?: { resource: string; scope?: string; verbs?: string[]; responseKind?: { kind?: string } }[];
  }[];
}

/** Every resource that the API serves, each in its group's preferred version. */
export async function discover(client: KubeClient): Promise<ServedResource[]> {
  const answers = await Promise.all([
    client.raw('GET', '/api', undefined, { accept: ACCEPT }),
    client.raw('GET', '/apis', undefined, { accept: ACCEPT }),
  ]);
  const found = new Map<string, ServedResource>();
  // Versions come in order of preference, and show the same objects.
  for (const resource of answers.flatMap(groupsOf).flatMap(resourcesOf)) {
    const key = `${resource.plural}.${resource.group}`;
    if (!found.has(key)) found.set(key, resource);
  }
  return [...found.values()];
}

function resourcesOf({ metadata, versions = [] }: GroupDocument): ServedResource[] {
  return versions.flatMap(({ version, resources = [] }) =>
    resources.map(({ resource: plural, scope, verbs = [], responseKind }) => ({
      group: metadata?.name ?? '',
      version,
      plural,
      kind: responseKind?.kind ?? '',
      namespaced: scope === 'Namespaced',
      verbs,
    })),
  );
}

function groupsOf(answer: unknown): GroupDocument[] {
  // The border: the server answered what the accept header names.
  const { items } = answer as { items?: GroupDocument[] };
  return items ?? [];
}
