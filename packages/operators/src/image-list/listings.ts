import { hasCode, LabError } from '@crownlabs/std';
import type { ImageRegistry } from './config.ts';
import type { RegistrySession } from './registry-session.ts';

/** A repository and its tags. */
export interface ListedRepository {
  readonly name: string;
  readonly tags: readonly string[];
}

const PAGE = 100;
const MOST_REPOSITORIES = 5_000;
const SIDE_BY_SIDE = 4;

/** Everything that a registry has of a project. */
export async function listRepositories(session: RegistrySession, { type, project }: ImageRegistry): Promise<ListedRepository[]> {
  const kind = type === 'harbor' ? harbor(project) : docker(project);
  const names = await namesOf(session, kind);
  const found: ListedRepository[] = [];
  const rest = names.values();
  // One queue for all: whoever is done takes the next name.
  const worker = async () => {
    for (const name of rest) found.push({ name: kind.shortName(name), tags: await tagsOf(session, kind, name) });
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  return found;
}

interface Dialect {
  readonly repositories: string;
  readonly tags: (name: string) => string;
  readonly readNames: (body: unknown) => readonly string[];
  readonly readTags: (body: unknown) => readonly string[];
  /** Whether a name is of the project. */
  readonly isOf: (name: string) => boolean;
  readonly shortName: (name: string) => string;
}

async function namesOf(session: RegistrySession, { repositories, readNames, isOf }: Dialect): Promise<string[]> {
  const names: string[] = [];
  for await (const body of session.pages(repositories)) {
    names.push(...readNames(body).filter(isOf));
    if (names.length > MOST_REPOSITORIES)
      throw new LabError('RequestEntityTooLarge', `the registry has more than ${MOST_REPOSITORIES} images`);
  }
  return names;
}

/** A repository may be listed and have gone: a catalogue keeps names of what was deleted. */
async function tagsOf(session: RegistrySession, { tags, readTags }: Dialect, name: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const body of session.pages(tags(name))) found.push(...readTags(body));
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
  }
  return found;
}

/** https://distribution.github.io/distribution/spec/api/#listing-repositories */
function docker(project: string): Dialect {
  const prefix = project === '' ? '' : `${project}/`;
  return {
    repositories: `/v2/_catalog?n=${PAGE}`,
    tags: (name) => `/v2/${name.split('/').map(encodeURIComponent).join('/')}/tags/list?n=${PAGE}`,
    readNames: (body) => texts(member(body, 'repositories')),
    readTags: (body) => texts(member(body, 'tags')),
    isOf: (name) => name.startsWith(prefix),
    shortName: (name) => name.slice(prefix.length),
  };
}

/** https://goharbor.io/docs/latest/working-with-projects/working-with-images/ */
function harbor(project: string): Dialect {
  const root = `/api/v2.0/projects/${encodeURIComponent(project)}/repositories`;
  const prefix = `${project}/`;
  const shortName = (name: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : name);
  return {
    repositories: `${root}?page=1&page_size=${PAGE}`,
    // A slash in a name is encoded twice, as Harbor asks.
    tags: (name) => `${root}/${encodeURIComponent(encodeURIComponent(shortName(name)))}/artifacts?with_tag=true&page=1&page_size=${PAGE}`,
    readNames: (body) => list(body).flatMap((it) => texts([member(it, 'name')])),
    readTags: (body) => list(body).flatMap((it) => list(member(it, 'tags')).flatMap((tag) => texts([member(tag, 'name')]))),
    isOf: () => true,
    shortName,
  };
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): string[] {
  return list(value).filter((it) => typeof it === 'string');
}
