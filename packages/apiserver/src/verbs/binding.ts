import { rfc3339 } from '@crownlabs/std';
import { cloneJson } from '../clone-json.ts';
import { isObject, type JsonObject } from '../json.ts';
import { objectsAt, textAt } from '../json-read.ts';
import { metadataOf } from '../object-meta.ts';
import type { Verb } from '../pipeline.ts';
import { conflict, notFound } from '../status-error.ts';
import { decodeAction } from '../steps/decode.ts';
import { readWriteOptions } from '../write-options.ts';
import { createdAnswer } from './answer.ts';
import { changeObject } from './update.ts';

/** POST of `pods/binding`: puts a pod on a node, once. */
export const bind: Verb = async (api, call) => {
  const options = readWriteOptions('CreateOptions', call.query, call.incoming.headers['user-agent']);
  const binding = await decodeAction(call);
  const node = textAt(binding, 'target', 'name');
  const { info } = call;
  await changeObject(api, call, {
    options,
    createIfAbsent: false,
    wanted(live) {
      if (!live) throw notFound(info, call.attributes.name);
      const bound = textAt(live, 'spec', 'nodeName');
      const subject = { group: '', plural: 'pods/binding', kind: 'Binding' };
      if (textAt(live, 'metadata', 'deletionTimestamp') !== '') {
        throw conflict(subject, call.attributes.name, `pod ${call.attributes.name} is being deleted, cannot be assigned to a host`);
      }
      if (bound !== '')
        throw conflict(subject, call.attributes.name, `pod ${call.attributes.name} is already assigned to node ${JSON.stringify(bound)}`);
      if (objectsAt(live, 'spec', 'schedulingGates').length > 0)
        throw conflict(subject, call.attributes.name, `pod ${call.attributes.name} has non-empty .spec.schedulingGates`);
      return boundPod(live, node, binding, api.clock.now());
    },
  });
  return createdAnswer(call);
};

function boundPod(live: JsonObject, node: string, binding: JsonObject, now: number): JsonObject {
  const pod = cloneJson(live);
  const spec = isObject(pod['spec']) ? pod['spec'] : {};
  spec['nodeName'] = node;
  pod['spec'] = spec;
  const status = isObject(pod['status']) ? pod['status'] : {};
  const others = objectsAt(status, 'conditions').filter((one) => one['type'] !== 'PodScheduled');
  delete status['nominatedNodeName'];
  status['conditions'] = [...others, { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: rfc3339(now) }];
  pod['status'] = status;
  for (const field of ['annotations', 'labels']) {
    const added = metadataOf(binding)[field];
    if (!isObject(added)) continue;
    const metadata = metadataOf(pod);
    metadata[field] = { ...(isObject(metadata[field]) ? metadata[field] : {}), ...added };
  }
  return pod;
}
