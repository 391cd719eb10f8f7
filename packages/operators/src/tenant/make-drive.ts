import { driveMirrorName, driveName, LABEL, MYDRIVE_NAMESPACE, type Tenant, tenantNamespace } from '@crownlabs/api';
import { jobs, type Kube, persistentVolumeClaims, persistentVolumes } from '@crownlabs/client';
import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import type { OperatorsConfig } from '../config.ts';
import type { Piece } from '../converge.ts';
import { labelValue } from '../instance/labels.ts';
import type { Lab } from '../lab.ts';
import { shareableSource } from '../shareable-source.ts';
import { outcomeOf, provisions } from '../volume-handover.ts';
import { driveClaim, driveJob, driveJobName, driveMirrorClaim, driveMirrorVolume, dropsDrive } from './drive.ts';
import type { TenantFacts } from './status.ts';

type Claim = Kube<PersistentVolumeClaim>;

/** What a personal volume is made with. */
export interface DriveTools {
  readonly lab: Lab;
  readonly config: OperatorsConfig;
}

/** The origin first; once it has bytes, the second view of them for the claim that waits in the tenant's namespace. */
export async function makeDrive({ lab, config: { drive } }: DriveTools, tenant: Tenant): Promise<TenantFacts['drive']> {
  if (!drive) return 'none';
  const origin = lab.claims.get(driveName(tenant.metadata.name), MYDRIVE_NAMESPACE);
  if (isAnothers(tenant, origin)) return 'broken';
  const state = await bring(lab, tenant, { drive, origin });
  if (state === 'unavailable') await forget(lab, tenant);
  else if (state !== 'ready') await lab.converger.ensure(driveMirrorClaim(tenant, 'pending'));
  return state;
}

interface Sight {
  readonly drive: NonNullable<OperatorsConfig['drive']>;
  readonly origin: Claim | undefined;
}

async function bring(lab: Lab, tenant: Tenant, { drive, origin }: Sight): Promise<TenantFacts['drive']> {
  const handed = drive.provisionerImage === undefined || isHanded(lab, tenant, origin);
  await lab.converger.ensure(driveClaim(tenant, drive, { claim: origin, handed }));
  if (!origin) return 'pending';
  await disown(lab, origin);
  return handed ? showDrive(lab, tenant, origin) : handOver(lab, tenant, origin, drive.provisionerImage ?? '');
}

/** A claim that waits for what will never come goes; one that has a volume is somebody's. */
async function forget(lab: Lab, { metadata: { name } }: Tenant): Promise<void> {
  const mirror = lab.claims.get(driveMirrorName(name), tenantNamespace(name));
  if (mirror?.status?.phase === 'Pending') await lab.converger.remove(persistentVolumeClaims, mirror.metadata.name, tenantNamespace(name));
}

/** Volumes outlive people, and the name of one may stand for two of them: `a.b` and `a-b`. */
function isAnothers({ metadata: { name } }: Tenant, claim: Claim | undefined): boolean {
  const of = claim?.metadata.labels?.[LABEL.tenant];
  return of !== undefined && of !== labelValue(name);
}

async function showDrive(lab: Lab, tenant: Tenant, { status, spec }: Claim): Promise<TenantFacts['drive']> {
  const volume = status?.phase === 'Bound' ? lab.volumes.get(spec?.volumeName ?? '') : undefined;
  if (!volume) return 'pending';
  const source = shareableSource(volume);
  return source ? makeMirror(lab, tenant, driveMirrorVolume(tenant, volume, source)) : 'unavailable';
}

/** The label outlives the Job, which goes after a week; a claim that was made anew has no such label. */
function isHanded(lab: Lab, tenant: Tenant, claim: Claim | undefined): boolean {
  if (!claim) return false;
  if (claim.metadata.labels?.[LABEL.volumeProvisioning] === 'completed') return true;
  const job = lab.jobs.get(driveJobName(tenant.metadata.name), MYDRIVE_NAMESPACE);
  return job !== undefined && provisions(job, claim) && outcomeOf(job) === 'complete';
}

async function handOver(lab: Lab, tenant: Tenant, claim: Claim, image: string): Promise<'pending' | 'broken'> {
  if (claim.status?.phase !== 'Bound') return 'pending';
  const job = lab.jobs.get(driveJobName(tenant.metadata.name), MYDRIVE_NAMESPACE);
  if (!job) await lab.converger.ensure(driveJob(tenant, claim, image));
  else if (!provisions(job, claim)) await lab.converger.remove(jobs, job.metadata.name, MYDRIVE_NAMESPACE);
  return outcomeOf(job) === 'failed' ? 'broken' : 'pending';
}

/** Volumes of earlier days went with their tenants. */
async function disown(lab: Lab, { metadata: { name, ownerReferences = [] } }: Claim): Promise<void> {
  if (ownerReferences.length === 0) return;
  await lab.client.patch(persistentVolumeClaims, name, MYDRIVE_NAMESPACE, { metadata: { ownerReferences: null } });
}

async function makeMirror(lab: Lab, tenant: Tenant, mirror: Piece): Promise<'ready' | 'pending'> {
  const volume = lab.volumes.get(mirror.object.metadata.name);
  if (volume?.status?.phase === 'Released') {
    // Its claim went with an earlier namespace; the volume remembers that claim for ever, the bytes are the origin's.
    await lab.client.delete(persistentVolumes, volume.metadata.name);
    return 'pending';
  }
  await lab.converger.ensure(mirror);
  await lab.converger.ensure(driveMirrorClaim(tenant, 'completed'));
  return 'ready';
}

/** What people wrote outlives their account, unless somebody asked for the opposite. */
export async function endDrive(lab: Lab, tenant: Tenant): Promise<void> {
  const name = driveName(tenant.metadata.name);
  const wanted = dropsDrive(tenant) && !isAnothers(tenant, lab.claims.get(name, MYDRIVE_NAMESPACE));
  if (wanted) await lab.converger.remove(persistentVolumeClaims, name, MYDRIVE_NAMESPACE);
}
