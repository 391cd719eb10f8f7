import type { Kube } from '@crownlabs/client';
import { LabError } from '@crownlabs/std';
import type { Secret } from 'kubernetes-types/core/v1.js';

/** A name and a password for a registry. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What a Secret says for a registry: its own two keys, or the entry of a pull secret. */
export function credentialsOf({ data = {}, metadata }: Pick<Kube<Secret>, 'data' | 'metadata'>, host: string): Credentials {
  const { username, password, '.dockerconfigjson': pull } = data;
  if (username !== undefined && password !== undefined) return { username: decoded(username), password: decoded(password) };
  const found = pull === undefined ? undefined : fromPullSecret(decoded(pull), host);
  if (found) return found;
  throw new LabError('Invalid', `the Secret ${metadata.name} holds no username and password, and no entry for ${host}`);
}

function decoded(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

interface PullEntry {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
}

function fromPullSecret(text: string, host: string): Credentials | undefined {
  const entry = readEntries(text).find(([name]) => name === host || (URL.canParse(name) && new URL(name).host === host))?.[1];
  if (entry?.username !== undefined && entry.password !== undefined) return { username: entry.username, password: entry.password };
  const [username, ...rest] = decoded(entry?.auth ?? '').split(':');
  return username && rest.length > 0 ? { username, password: rest.join(':') } : undefined;
}

function readEntries(text: string): [string, PullEntry][] {
  try {
    // The parse border: whoever wrote the Secret may have written anything.
    const { auths } = JSON.parse(text) as { auths?: Record<string, PullEntry> };
    return Object.entries(auths ?? {});
  } catch {
    return [];
  }
}
