import { type Accepted, negotiate } from '../codec/negotiate.ts';
import { goPackage } from '../kinds/index.ts';
import type { ResourceCall } from '../pipeline.ts';

/** How the client wants to see what it asked for. */
export type AcceptedView = Accepted;

/** Reads the Accept header for an object or a list of the call's resource. */
export function accepted(call: ResourceCall, list: boolean, watchable = false, early = false): AcceptedView {
  const { info } = call;
  return negotiate(call.incoming.headers['accept'], {
    custom: info.custom,
    list,
    watchable,
    early,
    get subject() {
      return info.custom ? 'unstructured.Unstructured' : `${goPackage(info)}.${info.kind}`;
    },
  });
}
