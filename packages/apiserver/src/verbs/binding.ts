import { LabError, rfc3339 } from '@crownlabs/std';
import { cloneJson } from '../clone-json.ts';
import type { WholeAnswer } from '../exchange.ts';
import { isObject, type JsonObject } from '../json.ts';
import { objectsAt, textAt } from '../json-read.ts';
import { actionBody } from '../kinds/index.ts';
import { metadataOf } from '../object-meta.ts';
import type { Api, ResourceCall, Verb } from '../pipeline.ts';
import { plainError } from '../plain-error.ts';
import { conflict, notFound } from '../status-error.ts';
import { decodeObject } from '../steps/decode.ts';
import { readWriteOptions, type WriteOptions } from '../write-options.ts';
import { createdAnswer } from './answer.ts';
import { demandNamespace } from './create.ts';
import { changeObject } from './update.ts';

const BINDING = actionBody('', 'v1', 'Binding');

/** POST of `pods/binding`: puts a pod on a node, once. */
export const bind: Verb = async (api, call) => {
  const options = readWriteOptions('CreateOptions', call.query, call.incoming.headers['user-agent']);
  const binding = await decodeObject(call, BINDING, options);
  demandNamespace(call, binding);
  if (textAt(binding, 'metadata', 'name') !== call.attributes.name)
    throw new LabError('BadRequest', 'name in URL does not match name in Binding object');
  return bound(api, call, binding, options);
};

/** POST of `bindings`: the binding itself says which pod it is about. */
export const bindNamed: Verb = async (api, call) => {
  const pods = api.registry.find('', 'v1', 'pods');
  if (!pods) throw notFound(call.info, '');
  const options = readWriteOptions('CreateOptions', call.query, call.incoming.headers['user-agent']);
  const binding = await decodeObject(call, call.info, options);
  demandNamespace(call, binding);
  const name = textAt(binding, 'metadata', 'name');
  if (name === '') throw new LabError('BadRequest', 'Name parameter required.');
  const attributes = { ...call.attributes, resource: 'pods', subresource: 'binding', name };
  return bound(api, { ...call, info: pods, attributes }, binding, options);
};

async function bound(api: Api, call: ResourceCall, binding: JsonObject, options: WriteOptions): Promise<WholeAnswer> {
  demandTarget(binding);
  const node = textAt(binding, 'target', 'name');
  const { info } = call;
  await changeObject(api, call, {
    options,
    createIfAbsent: false,
    wanted(live) {
      if (!live) throw notFound(info, call.attributes.name);
      const taken = textAt(live, 'spec', 'nodeName');
      const subject = { group: '', plural: 'pods/binding', kind: 'Binding' };
      if (textAt(live, 'metadata', 'deletionTimestamp') !== '') {
        throw conflict(subject, call.attributes.name, `pod ${call.attributes.name} is being deleted, cannot be assigned to a host`);
      }
      if (taken !== '')
        throw conflict(subject, call.attributes.name, `pod ${call.attributes.name} is already assigned to node ${JSON.stringify(taken)}`);
      if (objectsAt(live, 'spec', 'schedulingGates').length > 0)
        throw conflict(subject, call.attributes.name, `pod ${call.attributes.name} has non-empty .spec.schedulingGates`);
      return boundPod(live, node, binding, api.clock.now());
    },
  });
  return createdAnswer(call);
}

function demandTarget(binding: JsonObject): void {
  const kind = textAt(binding, 'target', 'kind');
  const problems = [];
  if (kind !== '' && kind !== 'Node')
    problems.push(`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`);
  if (textAt(binding, 'target', 'name') === '') problems.push('target.name: Required value');
  if (problems.length > 0) throw plainError(problems.length === 1 ? problems.join('') : `[${problems.join(', ')}]`);
}

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
