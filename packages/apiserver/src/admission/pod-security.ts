import type { AdmissionCall, AdmissionPlugin } from '../call.ts';
import type { FieldError } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { mapAt, objectAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';
import { forbidden, invalid } from '../status-error.ts';
import { checkedPod, POD_CHECKS } from './pod-security-checks.ts';

/** A level of the Pod Security Standards. */
type PodSecurityLevel = 'privileged' | 'baseline' | 'restricted';

/** What holds where a namespace does not say, and for whom nothing holds. */
export interface PodSecurityOptions {
  /** Default: privileged, as Kubernetes does. */
  readonly enforce?: PodSecurityLevel;
  readonly warn?: PodSecurityLevel;
  readonly exemptNamespaces?: readonly string[];
  readonly exemptUsers?: readonly string[];
}

const LABEL = 'pod-security.kubernetes.io/';
const NAMESPACES = { group: '', plural: 'namespaces' };

/** Where the pod template is, by `plural.group`. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  'pods.': [],
  'podtemplates.': ['template'],
  'replicationcontrollers.': ['spec', 'template'],
  'deployments.apps': ['spec', 'template'],
  'replicasets.apps': ['spec', 'template'],
  'statefulsets.apps': ['spec', 'template'],
  'daemonsets.apps': ['spec', 'template'],
  'jobs.batch': ['spec', 'template'],
  'cronjobs.batch': ['spec', 'jobTemplate', 'spec', 'template'],
};

/** Refuses pods, and warns of pod templates, that break the level of their namespace. */
export function podSecurity(reader: ObjectReader, options: PodSecurityOptions): AdmissionPlugin {
  const exemptNamespaces = new Set(options.exemptNamespaces);
  const exemptUsers = new Set(options.exemptUsers);
  return {
    name: 'PodSecurity',
    handles: (call) =>
      (isWrite(call) && !exemptNamespaces.has(call.namespace) && !exemptUsers.has(call.user.username)) || isNamespace(call),
    validate: (call) => {
      if (isNamespace(call)) {
        demandLevels(call);
        return;
      }
      const template = templateOf(call);
      const spec = objectAt(template, 'spec');
      if (!template || !spec || sameSpec(call, spec)) return;
      const labels = mapAt(reader.get(NAMESPACES, call.namespace), 'metadata', 'labels');
      const enforced = levelOf(labels, 'enforce', options.enforce);
      const isPod = call.resource.plural === 'pods';
      const broken = isPod ? violations(template, spec, enforced) : '';
      if (broken)
        throw forbidden(call.resource, call.name, `violates PodSecurity "${enforced}:${versionOf(labels, 'enforce')}": ${broken}`);
      const warned = levelOf(labels, 'warn', options.warn);
      const doubtful = violations(template, spec, warned);
      if (doubtful) call.warn(`would violate PodSecurity "${warned}:${versionOf(labels, 'warn')}": ${doubtful}`);
    },
  };
}

function isWrite({ operation, subresource, resource }: AdmissionCall): boolean {
  const write = operation === 'CREATE' || operation === 'UPDATE';
  const whole = subresource === '' || (resource.plural === 'pods' && subresource === 'ephemeralcontainers');
  return write && whole && `${resource.plural}.${resource.group}` in TEMPLATES;
}

function isNamespace({ operation, subresource, resource }: AdmissionCall): boolean {
  return (
    (operation === 'CREATE' || operation === 'UPDATE') && subresource === '' && resource.group === '' && resource.plural === 'namespaces'
  );
}

/** Labels of a namespace that say something of levels say something that there is, unless they said it before. */
function demandLevels({ object, old, resource, name }: AdmissionCall): void {
  const before = mapAt(old, 'metadata', 'labels');
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(mapAt(object, 'metadata', 'labels'))) {
    const mode = key.startsWith(LABEL) ? key.slice(LABEL.length) : '';
    const wrong = before[key] === value ? undefined : levelProblem(mode, value);
    if (wrong !== undefined)
      errors.push({
        type: 'FieldValueInvalid',
        field: `metadata.labels[${key}]`,
        message: `Invalid value: ${JSON.stringify(value)}: ${wrong}`,
      });
  }
  if (errors.length > 0) throw invalid(resource, name, errors);
}

const VERSION = /^(?:latest|v1\.(?:0|[1-9]\d*))$/;
const MODES = ['enforce', 'audit', 'warn'];

function levelProblem(mode: string, value: string): string | undefined {
  if (MODES.includes(mode)) return value in POD_CHECKS ? undefined : 'must be one of privileged, baseline, restricted';
  if (!MODES.some((one) => mode === `${one}-version`)) return undefined;
  return VERSION.test(value) ? undefined : 'must be "latest" or "v1.x"';
}

function templateOf({ resource, object }: AdmissionCall): JsonObject | undefined {
  return objectAt(object, ...(TEMPLATES[`${resource.plural}.${resource.group}`] ?? []));
}

/** A pod that was let in once may be labelled, finished and deleted under a stricter level too. */
function sameSpec({ resource, old }: AdmissionCall, spec: JsonObject): boolean {
  const before = objectAt(old, ...(TEMPLATES[`${resource.plural}.${resource.group}`] ?? []), 'spec');
  return before !== undefined && JSON.stringify(before) === JSON.stringify(spec);
}

function levelOf(labels: Readonly<Record<string, string>>, mode: string, fallback: PodSecurityLevel = 'privileged'): string {
  const level = labels[`${LABEL}${mode}`];
  if (level === undefined) return fallback;
  // A label that nobody understands must not open the door.
  return level in POD_CHECKS ? level : 'restricted';
}

/** The version of the standards that is asked for; the checks are those of the latest. */
function versionOf(labels: Readonly<Record<string, string>>, mode: string): string {
  const version = labels[`${LABEL}${mode}-version`] ?? '';
  return VERSION.test(version) ? version : 'latest';
}

function violations(template: JsonObject, spec: JsonObject, level: string): string {
  const pod = checkedPod(spec, mapAt(template, 'metadata', 'annotations'));
  const found = (POD_CHECKS[level] ?? []).flatMap((check) => check(pod) ?? []);
  // Two checks may speak of the same thing: their details go together.
  const byReason = new Map<string, string[]>();
  for (const { reason, detail } of found) byReason.set(reason, [...(byReason.get(reason) ?? []), detail]);
  return [...byReason].map(([reason, details]) => `${reason} (${details.join('; ')})`).join(', ');
}
