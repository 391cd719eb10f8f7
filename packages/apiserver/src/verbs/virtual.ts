import type { VirtualHandler } from '../authz/index.ts';
import { noSuchView } from '../codec/negotiate.ts';
import type { JsonObject } from '../json.ts';
import { textAt } from '../json-read.ts';
import { decodeBody } from '../kinds/index.ts';
import { metadataOf } from '../object-meta.ts';
import type { Api, ResourceCall, Verb } from '../pipeline.ts';
import type { ResourceInfo } from '../resource.ts';
import { decodeObject } from '../steps/decode.ts';
import { encoded } from '../storage/stored-object.ts';
import { readWriteOptions } from '../write-options.ts';
import { objectAnswer } from './answer.ts';
import { demandNamespace } from './create.ts';
import { admissionCall, type Draft, settle } from './draft.ts';
import { accepted } from './view.ts';

/** POST of what stores nothing: reviews, token requests. */
export function virtualCreate(handler: VirtualHandler): Verb {
  return async (api, call) => {
    const body = bodyInfo(api, call, handler);
    demandPlainView(call);
    const options = readWriteOptions('CreateOptions', call.query, call.incoming.headers['user-agent']);
    const object = await decodeObject(call, body, options);
    demandNamespace(call, object);
    const draft: Draft = {
      call,
      info: call.info,
      subresource: call.attributes.subresource,
      namespace: call.attributes.namespace,
      options,
      old: undefined,
      object,
      applied: true,
      settled: [],
    };
    const answered = await run(api, draft, handler);
    return objectAnswer(api, { ...call, info: body }, encoded(body, answered), 201);
  };
}

/** What is not stored has no columns. */
function demandPlainView(call: ResourceCall): void {
  if (accepted(call, false).view === 'table') throw noSuchView();
}

async function run(api: Api, draft: Draft, handler: VirtualHandler): Promise<JsonObject> {
  const admission = admissionCall(draft);
  const named = { ...admission, name: draft.call.attributes.name };
  try {
    await api.admission.mutate(named);
    await api.admission.validate(named);
    const answered = await handler.create(named);
    if (textAt(answered, 'metadata', 'name') === '') metadataOf(answered);
    return answered;
  } finally {
    settle(draft, false);
  }
}

function bodyInfo(api: Api, call: ResourceCall, handler: VirtualHandler): ResourceInfo {
  if (call.attributes.subresource === '') return call.info;
  const kind = call.info.subresources[call.attributes.subresource]?.kind;
  const { group = handler.group, version = 'v1' } = kind ?? {};
  const info = kind ? api.registry.byKind(kind.group, kind.kind, kind.version) : api.registry.byKind(handler.group, handler.kind);
  // A kind that exists only as a body of this subresource has no resource of its own.
  return (
    info ?? {
      ...call.info,
      group,
      version,
      kind: handler.kind,
      columns: [],
      schema: undefined,
      prune: (object, unknown) => decodeBody({ group, version, kind: handler.kind }, object, unknown),
      applyDefaults: () => undefined,
    }
  );
}
