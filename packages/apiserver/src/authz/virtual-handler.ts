import type { AdmissionCall } from '../call.ts';
import type { JsonObject } from '../json.ts';

/** How the answer of a create that stores nothing is computed; the core serves it under the schema of its kind. */
export interface VirtualHandler {
  readonly group: string;
  readonly kind: string;
  /** `serviceaccounts/token`, or the plural of the kind alone. */
  readonly resource: string;
  create(call: AdmissionCall): Promise<JsonObject>;
}
