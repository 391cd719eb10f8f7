import type { KubeClient, KubeObject, Resource } from '@crownlabs/client';
import { sameJson } from '@crownlabs/std';

/**
 * Writes a whole status as a merge patch, and nothing if it is there already. Each status here has one writer, so that the patch
 * needs no resourceVersion: a copy that lags behind must not cost a conflict and a wait.
 */
export async function patchStatus<T extends KubeObject & { status?: unknown }>(
  client: KubeClient,
  resource: Resource<T>,
  object: T,
  status: object,
): Promise<void> {
  const patch = statusPatch(object, status);
  if (!patch) return;
  const { name, namespace } = object.metadata;
  await client.patch(resource, name, namespace, patch, { subresource: 'status' });
}

/** The merge patch that makes the status of `object` what it should be; nothing if it is. */
export function statusPatch(object: { status?: unknown }, status: object): { status: object } | undefined {
  const before = isRecord(object.status) ? object.status : {};
  const now = { ...status };
  if (sameJson(before, now)) return undefined;
  const dropped = Object.fromEntries(
    Object.keys(before)
      .filter((key) => !(key in now))
      .map((key) => [key, null]),
  );
  return { status: { ...dropped, ...now } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
