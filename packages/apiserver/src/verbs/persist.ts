import type { Api } from '../pipeline.ts';
import { lostRace, Objects } from '../storage/objects.ts';
import { encoded, type StoredObject } from '../storage/stored-object.ts';
import { nextTurn, overdue } from '../turn.ts';
import { type Draft, settle } from './draft.ts';

/** How a draft becomes the stored state. */
export interface Persist {
  readonly name: string;
  /** Revision of the state that it replaces; 0 when there must be none. */
  readonly expected: number;
  /** The object ends here; the draft is its last state. */
  readonly deleted?: boolean;
}

/** Writes the draft, or pretends to in a dry run. `undefined`: somebody else was faster, try again. */
export async function persist(api: Api, draft: Draft, { name, expected, deleted = false }: Persist): Promise<StoredObject | undefined> {
  if (overdue()) await nextTurn();
  if (draft.options.dryRun) return encoded(draft.info, draft.object);
  let persisted = false;
  try {
    const key = Objects.key(draft.info.namespaced ? draft.namespace : '', name);
    const stored = await api.objects.write(draft.info, draft.object, { key, expected, deleted });
    persisted = true;
    return stored;
  } catch (error) {
    if (lostRace(error)) return undefined;
    throw error;
  } finally {
    settle(draft, persisted);
  }
}
