/** From where images to choose from are listed, and how often. */
export interface ImageListsConfig {
  readonly intervalMs: number;
  /** How long one question may take. */
  readonly timeoutMs: number;
  readonly registries: readonly ImageRegistry[];
  /** Hosts (with their port, where it is not the usual one) that a registry may send us to for a token, beside itself. */
  readonly tokenHosts: readonly string[];
}

/** One registry to list. */
export interface ImageRegistry {
  readonly name: string;
  /** `harbor` is asked for the repositories of a project; `docker` for everything that it has. */
  readonly type: 'docker' | 'harbor';
  readonly url: string;
  /** How image references name the registry. */
  readonly registryName: string;
  /** The ImageList to write. */
  readonly imageListName: string;
  /** Only the images of this project are listed; empty means all, which a `harbor` does not know. */
  readonly project: string;
  /** A Secret with `username` and `password`, or with a `.dockerconfigjson`; in crownlabs-system where it names no namespace. */
  readonly secretRef?: { readonly name: string; readonly namespace?: string };
}

/** What an installation has where it is not told otherwise. */
export const IMAGE_LISTS: ImageListsConfig = { intervalMs: 300_000, timeoutMs: 10_000, registries: [], tokenHosts: [] };
