import { hasCode } from '@crownlabs/std';
import { textAt } from '../json-read.ts';
import type { Verb } from '../pipeline.ts';
import type { StoredObject } from '../storage/stored-object.ts';
import { deleteObject } from './delete.ts';
import { readDeleteOptions } from './delete-options.ts';
import { listAnswer, readList } from './list.ts';
import { readListOptions } from './list-options.ts';
import { accepted } from './view.ts';

/** DELETE of a collection: each object on its own, so that some may go and others not. Answers with what it found. */
export const deleteCollection: Verb = async (api, call) => {
  const view = accepted(call, true);
  const options = await readDeleteOptions(call);
  const listOptions = readListOptions(call, false);
  const listed = await readList(api, call, listOptions);
  const objects: StoredObject[] = [];
  for (const found of listed.objects) {
    try {
      await deleteObject(api, call, textAt(found.object, 'metadata', 'name'), options);
      objects.push(found);
    } catch (error) {
      // Somebody else took it: all the better.
      if (!hasCode(error, 'NotFound')) throw error;
    }
  }
  return listAnswer(api, call, view, { objects, metadata: { ...listed.metadata, resourceVersion: String(api.objects.store.revision) } });
};
