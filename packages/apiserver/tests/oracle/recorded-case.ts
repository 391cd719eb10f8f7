import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../src/json.ts';

/** A text to replace wherever it occurs, or a place of the answer to leave out of the comparison. */
export interface Mask {
  readonly re?: string;
  readonly with?: string;
  readonly path?: string;
}

/** A check on the live answer, against values of this run. */
export interface Check {
  readonly path?: string;
  readonly header?: string;
  readonly eq?: Json;
  readonly ne?: Json;
  readonly gt?: string;
  readonly ge?: string;
  readonly match?: string;
  readonly len?: number;
  readonly has?: Json;
  readonly hasNot?: Json;
  readonly exists?: boolean;
  readonly absent?: boolean;
}

/** What the recorded server answered. */
export interface Expected {
  readonly code?: number;
  readonly headers?: JsonObject;
  readonly body?: Json;
  readonly text?: string;
  readonly fields?: JsonObject;
  readonly events?: readonly (readonly [string, JsonObject])[];
  readonly reviews?: readonly JsonObject[];
}

/** A request as it is recorded: texts may hold `${variables}`. */
export interface RecordedRequest {
  readonly req?: string;
  readonly body?: Json;
  readonly raw?: string;
  readonly rawBase64?: string;
  readonly fill?: { readonly head?: string; readonly char: string; readonly times: number; readonly tail?: string };
  readonly type?: string;
  readonly noContentType?: boolean;
  readonly headers?: JsonObject;
  readonly as?: Json;
  readonly token?: string;
  readonly timeout?: number;
}

/** How a request is repeated until its answer is as wanted. */
export interface Poll {
  readonly until?: JsonObject;
  readonly code?: number;
  /** Seconds. */
  readonly timeout?: number;
  readonly every?: number;
  readonly touch?: RecordedRequest & { readonly req: string; readonly every?: number };
}

/** One step: which kind it is, says the field among `req`, `watch`, `events`, `reviews`, `sleep`, `close` that it has. */
export interface Step extends RecordedRequest {
  readonly name?: string;
  readonly poll?: Poll;
  readonly watch?: string;
  readonly get?: string;
  readonly events?: string;
  readonly count?: number;
  readonly ended?: boolean;
  readonly bookmarks?: boolean;
  readonly quiet?: number;
  readonly reviews?: string;
  readonly tail?: number;
  readonly sleep?: number;
  readonly close?: string;
  readonly capture?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly assert?: readonly Check[];
  readonly assertAt?: Readonly<Record<string, readonly Check[]>>;
  readonly textMatch?: string;
  readonly mode?: 'status' | 'subset' | 'exact';
  readonly mask?: readonly Mask[];
  readonly managedFields?: boolean;
  readonly headersOf?: readonly string[];
  readonly expect?: Expected;
}

/** How a webhook of the case answers. */
export interface WebhookAnswer {
  readonly allowed?: boolean;
  readonly patch?: Json;
  readonly status?: Json;
  readonly warnings?: Json;
  readonly delay?: number;
  readonly http?: number;
  readonly badUid?: boolean;
}

/** Requests and what a real Kubernetes answered to them. */
export interface RecordedCase {
  readonly name: string;
  readonly namespaces?: number;
  /** Runs when no other case does. */
  readonly serial?: boolean;
  readonly retry?: number;
  readonly webhooks?: Readonly<Record<string, WebhookAnswer>>;
  readonly vars?: Readonly<Record<string, string>>;
  readonly mask?: readonly Mask[];
  readonly setup?: readonly Step[];
  readonly steps: readonly Step[];
}

/** All cases of the folder `cases`, by name. */
export function recordedCases(): RecordedCase[] {
  const folder = join(import.meta.dirname, 'cases');
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.toSorted().map((file) => ({ name: file.replace('.json', ''), ...JSON.parse(readFileSync(join(folder, file), 'utf8')) }));
}

/** Whether the step looks at anything. */
export function compares(step: Step): boolean {
  return step.sleep === undefined && step.close === undefined;
}

/** The step, as a failure names it. */
export function title(step: Step): string {
  const [kind, what] = Object.entries({
    request: step.req,
    watch: step.get,
    'events of': step.events,
    'reviews of': step.reviews,
  }).find(([, value]) => value !== undefined) ?? ['step', ''];
  return `${kind} ${what}${step.name === undefined ? '' : ` (${step.name})`}`;
}
