import type { ApiRequest } from '@crownlabs/client';
import type { LabCounts, OperatorMetrics } from '@crownlabs/operators';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Everything that the program counts. */
export interface ProgramMetrics {
  readonly registry: Registry;
  readonly operators: OperatorMetrics;
  /** An answer of the API; status 0 where there was none. */
  asked(request: ApiRequest, status: number, seconds: number): void;
  /** An AdmissionReview was answered. */
  reviewed(path: string, allowed: boolean, seconds: number): void;
  leading(yes: boolean): void;
  /** Asked at every scrape. */
  countFrom(counts: () => LabCounts): void;
}

const SHORT = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const LONG = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800];
/** A start that takes longer was interrupted by something that is not the start. */
const LONGEST_START_SECONDS = 1_800;

/** The counters and histograms, under the names that dashboards of Kubernetes controllers know, and our own. */
export function programMetrics({ process: ofProcess = true } = {}): ProgramMetrics {
  const registry = new Registry();
  if (ofProcess) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API.',
    labelNames: ['method', 'code'],
    registers,
  });
  const latency = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Seconds until the API answered.',
    labelNames: ['verb'],
    buckets: SHORT,
    registers,
  });
  const reviews = new Histogram({
    name: 'controller_runtime_webhook_latency_seconds',
    help: 'Seconds until a review was answered.',
    labelNames: ['webhook'],
    buckets: SHORT,
    registers,
  });
  const reviewed = new Counter({
    name: 'crownlabs_admission_reviews_total',
    help: 'Reviews that were answered.',
    labelNames: ['webhook', 'verdict'],
    registers,
  });
  const leader = new Gauge({ name: 'leader_election_master_status', help: '1 while this replica leads.', labelNames: ['name'], registers });
  leader.set({ name: 'crownlabs-operators' }, 0);
  return {
    registry,
    operators: operatorMetrics(registry),
    asked: ({ method }, status, seconds) => {
      requests.inc({ method, code: status === 0 ? '<error>' : String(status) });
      latency.observe({ verb: method }, seconds);
    },
    reviewed: (webhook, allowed, seconds) => {
      reviews.observe({ webhook }, seconds);
      reviewed.inc({ webhook, verdict: allowed ? 'allowed' : 'refused' });
    },
    leading: (yes) => leader.set({ name: 'crownlabs-operators' }, yes ? 1 : 0),
    countFrom: (counts) => labGauges(registry, counts),
  };
}

function labGauges(registry: Registry, counts: () => LabCounts): void {
  const registers = [registry];
  const plain = (name: string, help: string, value: (now: LabCounts) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(counts()));
      },
    });
  plain('crownlabs_tenants', 'People.', (now) => now.tenants);
  plain('crownlabs_workspaces', 'Workspaces.', (now) => now.workspaces);
  plain('crownlabs_templates', 'Templates.', (now) => now.templates);
  const phases = new Gauge({
    name: 'crownlabs_instances',
    help: 'Instances, by phase.',
    labelNames: ['phase'],
    registers,
    collect() {
      phases.reset();
      for (const [phase, number] of counts().instances) phases.set({ phase }, number);
    },
  });
}

const RESULT = { done: 'success', later: 'requeue_after', failed: 'error' } as const;

function operatorMetrics(registry: Registry): OperatorMetrics {
  const registers = [registry];
  const labelNames = ['controller'];
  const total = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Reconciles by how they ended.',
    labelNames: ['controller', 'result'],
    registers,
  });
  const errors = new Counter({ name: 'controller_runtime_reconcile_errors_total', help: 'Reconciles that failed.', labelNames, registers });
  const time = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Seconds that a reconcile took.',
    labelNames,
    buckets: SHORT,
    registers,
  });
  const ready = new Histogram({
    name: 'instance_initial_ready_time_second',
    help: 'Seconds from the creation of an Instance until an environment was ready.',
    labelNames: ['workspace', 'template', 'environment', 'type', 'persistent'],
    buckets: LONG,
    registers,
  });
  const internal = new Counter({
    name: 'tenant_operator_internal_errors',
    help: "Errors that are not a user's fault.",
    labelNames: ['controller', 'reason'],
    registers,
  });
  return {
    reconciled: (controller, outcome, seconds) => {
      total.inc({ controller, result: RESULT[outcome] });
      time.observe({ controller }, seconds);
      if (outcome === 'failed') errors.inc({ controller });
    },
    queue: queueMetrics(registry),
    becameReady: ({ persistent, ...environment }, seconds) => {
      if (seconds <= LONGEST_START_SECONDS) ready.observe({ ...environment, persistent: String(persistent) }, seconds);
    },
    internalError: (controller, reason) => internal.inc({ controller, reason }),
  };
}

function queueMetrics(registry: Registry): NonNullable<OperatorMetrics['queue']> {
  const registers = [registry];
  const labelNames = ['name'];
  const depth = new Gauge({ name: 'workqueue_depth', help: 'Keys that wait.', labelNames, registers });
  const adds = new Counter({ name: 'workqueue_adds_total', help: 'Keys that were queued.', labelNames, registers });
  const retries = new Counter({
    name: 'workqueue_retries_total',
    help: 'Keys that were tried again after a failure.',
    labelNames,
    registers,
  });
  const busy = new Gauge({ name: 'controller_runtime_active_workers', help: 'Workers that work.', labelNames: ['controller'], registers });
  const waited = new Histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'Seconds that a key waited.',
    labelNames,
    buckets: SHORT,
    registers,
  });
  const worked = new Histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'Seconds that a key was worked on.',
    labelNames,
    buckets: SHORT,
    registers,
  });
  return (name) => {
    depth.set({ name }, 0);
    return {
      added: () => {
        adds.inc({ name });
        depth.inc({ name });
      },
      started: (ms) => {
        depth.dec({ name });
        busy.inc({ controller: name });
        waited.observe({ name }, ms / 1000);
      },
      finished: (ms) => {
        busy.dec({ controller: name });
        worked.observe({ name }, ms / 1000);
      },
      retried: () => retries.inc({ name }),
    };
  };
}
