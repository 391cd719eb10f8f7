import { LabError } from '@crownlabs/std';
import type { Answer, Sink } from '../exchange.ts';
import { textAt } from '../json-read.ts';
import type { LogOptions } from '../kubelet.ts';
import type { Verb } from '../pipeline.ts';
import { isTrue } from '../request-attributes.ts';
import { invalid } from '../status-error.ts';
import type { Kubelets } from './kubelets.ts';
import { containerOf, identityOf, kubeletOf, podOf } from './pod-target.ts';

// A kubelet that cannot give the log says so at once; what comes later can only end the stream.
const FIRST_WORD_MS = 50;
const TEXT = { 'content-type': 'text/plain' };

/** GET of `pods/log`. */
export function podLog(kubelets: Kubelets): Verb {
  return async (api, call) => {
    const pod = podOf(api, call);
    const options = readLogOptions(call.query, containerOf(pod, call.query.get('container') ?? ''), api.clock.now());
    // Nothing runs yet, so nothing was said.
    if (textAt(pod, 'spec', 'nodeName') === '') return { status: 204, headers: TEXT, parts: [] };
    const kubelet = await kubeletOf(kubelets, pod, api, call.incoming.signal);
    const lines = kubelet.log(identityOf(pod), options, call.incoming.signal)[Symbol.asyncIterator]();
    const first = lines.next();
    first.catch(() => undefined);
    await Promise.race([first, api.clock.sleep(FIRST_WORD_MS)]);
    const answer: Answer = { status: 200, headers: TEXT, stream: (sink) => pump(lines, first, sink) };
    return answer;
  };
}

async function pump(lines: AsyncIterator<Uint8Array>, first: Promise<IteratorResult<Uint8Array>>, sink: Sink): Promise<void> {
  try {
    for (let next = await first; !next.done; next = await lines.next()) {
      sink.write(next.value);
      await sink.drained();
    }
  } finally {
    sink.end();
  }
}

function readLogOptions(query: URLSearchParams, container: string, now: number): LogOptions {
  const sinceSeconds = whole(query, 'sinceSeconds');
  const sinceText = query.get('sinceTime');
  if (sinceSeconds !== undefined && sinceText !== null) {
    const message = 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified';
    throw invalid({ group: '', kind: 'PodLogOptions' }, '', [{ type: 'FieldValueForbidden', field: 'sinceSeconds', message }]);
  }
  const sinceTime = sinceSeconds === undefined ? timeOf(sinceText) : now - sinceSeconds * 1000;
  const tailLines = whole(query, 'tailLines');
  const limitBytes = whole(query, 'limitBytes');
  return {
    container,
    follow: isTrue(query, 'follow'),
    previous: isTrue(query, 'previous'),
    timestamps: isTrue(query, 'timestamps'),
    ...(sinceTime === undefined ? {} : { sinceTime }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

function whole(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^\d+$/.test(text)) throw new LabError('BadRequest', `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function timeOf(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new LabError('BadRequest', `parsing time ${JSON.stringify(text)}: cannot parse`);
  return time;
}
