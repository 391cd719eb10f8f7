import { LabError } from '@crownlabs/std';
import type {
  ConfigMapVolumeSource,
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  SecretVolumeSource,
  Volume,
  VolumeProjection,
} from 'kubernetes-types/core/v1.js';
import { type NodeAmounts, resourceField } from '../amounts.ts';
import { type FieldContext, podField } from '../fields.ts';
import { initContainersOf, type Pod, specOf } from '../pod.ts';
import { type References, required } from '../references.ts';

/** A file of a volume whose content comes from the API. */
export interface VolumeFile {
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

/** What volume content may refer to. */
export interface ContentContext extends FieldContext {
  readonly pod: Pod;
  readonly node: NodeAmounts;
  readonly references: References;
  /** A token of the pod's service account. */
  token(audience: string | undefined, expirationSeconds: number): Promise<string>;
}

const DEFAULT_MODE = 0o644;
const TOKEN_SECONDS = 3600;

/** Whether the volume's content comes from the API. */
export function isContent({ secret, configMap, downwardAPI, projected }: Volume): boolean {
  return Boolean(secret ?? configMap ?? downwardAPI ?? projected);
}

/** Whether the volume carries a token, which must be renewed while the pod runs. */
export function hasToken({ projected }: Volume): boolean {
  return projected?.sources?.some(({ serviceAccountToken }) => serviceAccountToken) ?? false;
}

/** The files of a secret, configMap, downwardAPI or projected volume. */
export async function volumeFiles(volume: Volume, context: ContentContext): Promise<readonly VolumeFile[]> {
  const { secret, configMap, downwardAPI, projected } = volume;
  if (secret) return secretFiles(secret, context);
  if (configMap) return configMapFiles(configMap, context);
  if (downwardAPI) return downwardFiles(downwardAPI.items ?? [], downwardAPI.defaultMode, context);
  if (projected) return projectedFiles(projected, context);
  return [];
}

async function secretFiles({ secretName = '', items, optional, defaultMode }: SecretVolumeSource, { references }: ContentContext) {
  const content = required(await references.secret(secretName), { kind: 'secret', name: secretName, optional });
  return pick(content, items, { mode: defaultMode, optional, of: `secret "${secretName}"` });
}

async function configMapFiles({ name = '', items, optional, defaultMode }: ConfigMapVolumeSource, { references }: ContentContext) {
  const content = required(await references.configMap(name), { kind: 'configmap', name, optional });
  return pick(content, items, { mode: defaultMode, optional, of: `configmap "${name}"` });
}

async function projectedFiles({ sources = [], defaultMode }: ProjectedVolumeSource, context: ContentContext) {
  const files = await Promise.all(sources.map((source) => projectionFiles(source, defaultMode, context)));
  return files.flat();
}

async function projectionFiles(
  source: VolumeProjection,
  mode: number | undefined,
  context: ContentContext,
): Promise<readonly VolumeFile[]> {
  const { secret, configMap, downwardAPI, serviceAccountToken } = source;
  const inherited = mode === undefined ? {} : { defaultMode: mode };
  if (secret) return secretFiles({ ...secret, ...inherited, secretName: secret.name ?? '' }, context);
  if (configMap) return configMapFiles({ ...configMap, ...inherited }, context);
  if (downwardAPI) return downwardFiles(downwardAPI.items ?? [], mode, context);
  if (!serviceAccountToken) return [];
  const { path, audience, expirationSeconds = TOKEN_SECONDS } = serviceAccountToken;
  return [{ path: safePath(path), content: Buffer.from(await context.token(audience, expirationSeconds)), mode: 0o600 }];
}

function downwardFiles(items: readonly DownwardAPIVolumeFile[], mode: number | undefined, context: ContentContext): readonly VolumeFile[] {
  const all = [...specOf(context.pod).containers, ...initContainersOf(context.pod)];
  return items.map(({ path, fieldRef, resourceFieldRef, mode: own }) => {
    const of = all.find(({ name }) => name === resourceFieldRef?.containerName);
    const divisor = typeof resourceFieldRef?.divisor === 'string' ? resourceFieldRef.divisor : undefined;
    const text = fieldRef
      ? podField(context.pod, fieldRef.fieldPath, context)
      : of && resourceFieldRef
        ? resourceField(of, resourceFieldRef.resource, divisor === '0' ? undefined : divisor, context.node)
        : '';
    return { path: safePath(path), content: Buffer.from(text), mode: own ?? mode ?? DEFAULT_MODE };
  });
}

function pick(
  content: ReadonlyMap<string, Buffer>,
  items: readonly KeyToPath[] | undefined,
  { mode = DEFAULT_MODE, optional, of }: { mode: number | undefined; optional: boolean | undefined; of: string },
): readonly VolumeFile[] {
  if (!items) return [...content].map(([key, value]) => ({ path: safePath(key), content: value, mode }));
  return items.flatMap(({ key, path, mode: own }) => {
    const value = content.get(key);
    if (value) return [{ path: safePath(path), content: value, mode: own ?? mode }];
    if (optional) return [];
    throw new LabError('NotFound', `${of} has no key ${key}`);
  });
}

/** A path inside the volume: neither absolute nor upwards, whatever the API let through. */
function safePath(path: string): string {
  if (path.startsWith('/') || path.split('/').some((part) => part === '..' || part === '')) {
    throw new LabError('Invalid', `${path} is no path inside a volume`);
  }
  return path;
}
