import { ANNOTATION, type KeepGrant, type KeepPurpose, keepRound } from '@crownlabs/api';
import { isPersistent } from './inactivity/facts.ts';
import type { Notice, NoticeName } from './notice.ts';
import type { Subject } from './parts.ts';

/** What a notice says beside whom and what it is about. */
export interface Letter {
  readonly name: NoticeName;
  /** The same for the same thing told again; another one for the next. Without blanks. */
  readonly id: string;
  readonly actAt?: number;
  /** What its link keeps; absent: it has none. */
  readonly keep?: KeepPurpose;
}

/** Whether there is anybody to write to. */
export function canBeTold({ tenant }: Subject): boolean {
  return (tenant?.spec.email ?? '') !== '';
}

/** A notice to the owner of an Instance. */
export function noticeOf(subject: Subject, { name, id, actAt, keep }: Letter): Notice {
  const { instance, template, tenant } = subject;
  const { metadata, spec } = instance;
  const grant = keep && grantOf(subject, keep, actAt);
  return {
    id,
    name,
    to: {
      name: [tenant?.spec.firstName, tenant?.spec.lastName].filter(Boolean).join(' '),
      email: tenant?.spec.email ?? '',
      language: tenant?.metadata.annotations?.[ANNOTATION.language],
    },
    instance: {
      name: metadata.name,
      namespace: metadata.namespace ?? '',
      prettyName: spec.prettyName ?? metadata.name,
      template: template.spec.prettyName,
    },
    persistent: isPersistent(template),
    ...(actAt === undefined ? {} : { actAt }),
    ...(grant ? { keep: grant } : {}),
  };
}

function grantOf({ instance }: Subject, purpose: KeepPurpose, until: number | undefined): KeepGrant | undefined {
  const { uid = '', namespace = '', name } = instance.metadata;
  const round = keepRound(instance, purpose);
  if (round === undefined || until === undefined) return undefined;
  return { purpose, uid, namespace, name, tenant: instance.spec['tenant.crownlabs.polito.it/TenantRef'].name, round, until };
}
