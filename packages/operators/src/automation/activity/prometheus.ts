import { environmentObjectName, type Instance, type Template } from '@crownlabs/api';
import { type Clock, LabError, type Logger } from '@crownlabs/std';
import type { PrometheusConfig } from '../config.ts';
import type { ActivitySource } from './source.ts';

/** One metric that moves when somebody uses an Instance. */
interface Metric {
  readonly name: string;
  /** The query for one Instance; `undefined` where there is nothing of it to ask for. */
  readonly query: (instance: Instance, template: Template) => string | undefined;
}

const HOUR = 3_600_000;
/** How far back is looked. It must be asked this often, or it has forgotten. */
const LOOK_BACK_MS = 6 * HOUR;
const STEP_S = 30;
const ASK_AT_MOST_EVERY_MS = 30_000;
const TIMEOUT_MS = 10_000;

const METRICS: readonly Metric[] = [
  {
    name: 'nginx_ingress_controller_requests',
    query: ({ metadata: { name, namespace } }, { spec }) => {
      const services = spec.environmentList.map((it) => environmentObjectName(name, it.name));
      return `nginx_ingress_controller_requests{exported_namespace=${quoted(namespace ?? '')},${oneOf('exported_service', services)}}`;
    },
  },
  { name: 'bastion_ssh_connections', query: (instance) => toAddresses('bastion_ssh_connections', instance) },
  { name: 'bastion_web_ssh_connections', query: (instance) => toAddresses('bastion_web_ssh_connections', instance) },
];

function toAddresses(metric: string, { status }: Instance): string | undefined {
  const addresses = (status?.environments ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  return addresses.length === 0 ? undefined : `${metric}{${oneOf('destination_ip', addresses)}}`;
}

/** Whole names: what a neighbour with a longer name does is none of this instance's. */
function oneOf(label: string, values: readonly string[]): string {
  return `${label}=~${quoted(values.map((it) => it.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'))}`;
}

/** A string of PromQL has the escapes of Go, which for these characters are those of JSON. */
const quoted = (text: string) => JSON.stringify(text);

/** Activity as a Prometheus saw it: the last time that one of the metrics of an Instance changed. */
export function prometheusActivity(config: PrometheusConfig, { clock, log }: { clock: Clock; log: Logger }): ActivitySource {
  const asked = new Map<string, { at: number; answer: Promise<number | undefined> }>();
  const api = prometheusApi(config);
  return {
    askEveryMs: LOOK_BACK_MS,
    lastUse(instance, template, signal) {
      const { uid = '' } = instance.metadata;
      const now = clock.now();
      for (const [key, { at }] of asked) if (now - at >= ASK_AT_MOST_EVERY_MS) asked.delete(key);
      const known = asked.get(uid);
      if (known) return known.answer;
      const answer = latestChange(api, { instance, template, now, log }, signal);
      asked.set(uid, { at: now, answer });
      answer.catch(() => asked.delete(uid));
      return answer;
    },
  };
}

interface Question {
  readonly instance: Instance;
  readonly template: Template;
  readonly now: number;
  readonly log: Logger;
}

async function latestChange(
  api: PrometheusApi,
  { instance, template, now, log }: Question,
  signal: AbortSignal,
): Promise<number | undefined> {
  await api.healthy(signal);
  const answers = await Promise.all(
    METRICS.map(async ({ name, query }) => {
      const text = query(instance, template);
      if (text === undefined) return undefined;
      // A metric that nobody delivers says nothing about anybody.
      if (!(await api.has(name, signal))) return log.debug('Prometheus does not know a metric', { metric: name });
      return api.lastChange(text, { from: now - LOOK_BACK_MS, to: now }, signal);
    }),
  );
  const times = answers.filter((it) => it !== undefined);
  return times.length > 0 ? Math.max(...times) : undefined;
}

interface PrometheusApi {
  /** Throws ServiceUnavailable. */
  healthy(signal: AbortSignal): Promise<void>;
  has(metric: string, signal: AbortSignal): Promise<boolean>;
  lastChange(query: string, range: { from: number; to: number }, signal: AbortSignal): Promise<number | undefined>;
}

/** https://prometheus.io/docs/prometheus/latest/querying/api/ */
function prometheusApi({ url, token }: PrometheusConfig): PrometheusApi {
  const base = url.replace(/\/+$/, '');
  const ask = async (path: string, signal: AbortSignal): Promise<Response> => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const answer = await fetch(base + path, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
    if (!answer.ok) throw new LabError('ServiceUnavailable', `Prometheus answered ${answer.status}.`);
    return answer;
  };
  const query = async (path: string, parameters: Record<string, string>, signal: AbortSignal) =>
    seriesIn(await (await ask(`/api/v1/${path}?${new URLSearchParams(parameters).toString()}`, signal)).json());
  return {
    async healthy(signal) {
      await (await ask('/-/healthy', signal)).body?.cancel();
    },
    has: async (metric, signal) => (await query('query', { query: `count(${metric})` }, signal)).length > 0,
    async lastChange(text, { from, to }, signal) {
      const range = { start: String(from / 1000), end: String(to / 1000), step: String(STEP_S) };
      const times = (await query('query_range', { query: text, ...range }, signal)).flatMap((series) => changeOf(series, from) ?? []);
      return times.length > 0 ? Math.max(...times) * 1000 : undefined;
    },
  };
}

type Series = readonly (readonly [number, string])[];

/** When a series changed last: at a new value, or where it begins in the middle of the range, as a counter does at its first event. */
function changeOf(series: Series, fromMs: number): number | undefined {
  const index = series.findLastIndex(([, value], i) => i > 0 && value !== series[i - 1]?.[1]);
  if (index > 0) return series[index]?.[0];
  const first = series[0]?.[0];
  return first !== undefined && first > fromMs / 1000 + 2 * STEP_S ? first : undefined;
}

/** The values of an answer: `values` of a range, `value` of a moment. */
function seriesIn(answer: unknown): Series[] {
  // The parse border: only arrays of [seconds, text] come out.
  const { data } = answer as { data?: { result?: { values?: unknown; value?: unknown }[] } };
  if (!Array.isArray(data?.result)) throw new LabError('ServiceUnavailable', 'Prometheus answered something else than a result.');
  return data.result.map(({ values, value }) => (Array.isArray(values) ? values : [value]).filter(isPoint));
}

function isPoint(it: unknown): it is [number, string] {
  return Array.isArray(it) && typeof it[0] === 'number' && typeof it[1] === 'string';
}
