import { ANNOTATION, type Instance, LABEL, type Template, tenantNamespace } from '@crownlabs/api';
import { eventRecorder, type Informer, informer, type Kube, type KubeObject, keyOf, namespaces, type ObjectKey } from '@crownlabs/client';
import { ownedByKind, type Source, specChanged, watched } from '@crownlabs/controller';
import { sameJson } from '@crownlabs/std';
import type { Lease } from 'kubernetes-types/coordination/v1.js';
import type { Namespace } from 'kubernetes-types/core/v1.js';
import { type ControllerParts, type Controllers, labController } from '../controller-parts.ts';
import type { Lab } from '../lab.ts';
import { doorActivity, followUse, type UseReports } from './activity/doors.ts';
import { prometheusActivity } from './activity/prometheus.ts';
import { expirationReconciler } from './expiration/reconcile.ts';
import { inactivityReconciler } from './inactivity/reconcile.ts';
import { Outbox } from './outbox.ts';
import { outsideGuard } from './outside.ts';
import type { AutomationParts } from './parts.ts';
import { foreignConditions } from './report.ts';
import { submissionReconciler } from './submission/reconcile.ts';
import { terminationReconciler } from './termination/reconcile.ts';

/** What happens by itself: unused Instances stop and go, old ones expire, exams end and are handed in. */
export const automationControllers: Controllers = (parts) => {
  const { lab, config, clock, client, signal } = parts;
  const log = parts.log.child({ room: 'automation' });
  const exempt = (label: string) => informer(client, namespaces, { clock, log, labelSelector: `${label}=true` }, signal);
  const automation: AutomationParts = {
    lab,
    config,
    rules: config.automation,
    post: parts.post,
    clock,
    log,
    events: eventRecorder(client, { component: 'instance-automation', clock, log }),
    exempt: { inactivity: exempt(LABEL.inactivityIgnore), expiration: exempt(LABEL.expirationIgnore) },
  };
  if (!parts.post) log.info('Mail is off: instances are stopped and deleted at their time, without warnings by mail');
  const reports = followUse(client, { clock, log }, signal);
  const outside = outsideGuard(config.automation.reachable);
  return [...cleaners(parts, automation, reports), ...examiners(parts, { ...automation, outside })];
};

function cleaners(parts: ControllerParts, automation: AutomationParts, reports: UseReports) {
  const { lab } = parts;
  const { post, rules, exempt, ...tools } = automation;
  const outbox = (annotation: string) => post && new Outbox({ ...tools, post, annotation });
  const { prometheus } = rules;
  const sources = [doorActivity(reports, tools.clock), ...(prometheus ? [prometheusActivity(prometheus, tools)] : [])];
  const inactivity = { ...automation, reports, sources, outbox: outbox(ANNOTATION.inactivityMail) };
  const expiration = { ...automation, reports, outbox: outbox(ANNOTATION.expirationMail) };
  return [
    labController(parts, {
      name: 'inactivity',
      workers: 4,
      sources: [...cleanerSources(lab, exempt.inactivity), watched(reports, { keys: holderOf })],
      reconcile: inactivityReconciler(inactivity),
    }),
    labController(parts, {
      name: 'expiration',
      workers: 4,
      sources: [...cleanerSources(lab, exempt.expiration), watched(reports, { keys: holderOf })],
      reconcile: expirationReconciler(expiration),
    }),
  ];
}

function examiners(parts: ControllerParts, automation: AutomationParts & { readonly outside: ReturnType<typeof outsideGuard> }) {
  const { lab } = parts;
  return [
    labController(parts, {
      name: 'termination',
      workers: 8,
      sources: [watched(lab.instances, { when: concerns }), ofTemplates(lab)],
      reconcile: terminationReconciler(automation),
    }),
    labController(parts, {
      name: 'submission',
      workers: 4,
      sources: [
        watched(lab.instances, { when: concerns }),
        ofTemplates(lab),
        ownedByKind(lab.jobs, { kind: 'Instance', namespaced: true }),
        watched(lab.pods, { when: (now) => now === undefined, keys: (pod) => ofPod(lab, pod) }),
      ],
      reconcile: submissionReconciler(automation),
    }),
  ];
}

function cleanerSources(lab: Lab, exempt: Informer<Kube<Namespace>>): Source[] {
  return [
    watched(lab.instances, { when: concerns }),
    ofTemplates(lab),
    // Whoever gets an address can be warned from then on.
    watched(lab.tenants, {
      when: specChanged,
      keys: ({ metadata: { name } }) => keysOf(lab.instances.byIndex('namespace', tenantNamespace(name))),
    }),
    watched(exempt, {
      when: (now, before) => !now || !before,
      keys: ({ metadata: { name } }) => keysOf(lab.instances.byIndex('namespace', name)),
    }),
  ];
}

/** What people changed; and of what controllers say, our own part, the environments, and the first word. */
function concerns(now: Instance | undefined, before: Instance | undefined): boolean {
  if (specChanged(now, before) || !now || !before) return true;
  if ((now.status?.phase === undefined) !== (before.status?.phase === undefined)) return true;
  const parts = ({ status }: Instance) => ({
    mine: foreignConditions(status?.conditions),
    exam: status?.environments?.map(({ name, automation }) => ({ name, automation })),
  });
  return !sameJson(parts(now), parts(before));
}

function ofTemplates(lab: Lab): Source {
  const same = (now: Template | undefined, before: Template | undefined) =>
    now?.metadata.generation === before?.metadata.generation && sameJson(now?.metadata.annotations, before?.metadata.annotations);
  return watched(lab.templates, {
    when: (now, before) => !same(now, before),
    keys: ({ metadata: { namespace, name } }) => keysOf(lab.instances.byIndex('template', `${namespace}/${name}`)),
  });
}

function ofPod(lab: Lab, { metadata: { namespace, labels } }: KubeObject): ObjectKey[] {
  return keysOf(lab.instances.byIndex('label', `${namespace}/${labels?.[LABEL.instance]}`));
}

/** The Instance that a report is about. */
function holderOf({ spec }: Kube<Lease>): ObjectKey[] {
  const [namespace = '', name = ''] = spec?.holderIdentity?.split('/') ?? [];
  return namespace === '' || name === '' ? [] : [{ namespace, name }];
}

function keysOf(found: readonly KubeObject[]): ObjectKey[] {
  return found.map(keyOf);
}
