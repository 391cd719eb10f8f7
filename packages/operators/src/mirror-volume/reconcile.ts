import { type Instance, LABEL, mirrorVolumeName, sharedVolumeClaimName } from '@crownlabs/api';
import { controllerOf, type EventRecorder, type Kube, persistentVolumeClaims, persistentVolumes } from '@crownlabs/client';
import type { Reconcile } from '@crownlabs/controller';
import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeSpec } from 'kubernetes-types/core/v1.js';
import type { OperatorsConfig } from '../config.ts';
import type { Lab } from '../lab.ts';
import { shareableSource } from '../shareable-source.ts';
import { type SharedAccess, sharedAccess, volumeNamespaceOf } from '../shared-volume/access.ts';
import { MIRROR_MANAGER, mirrorVolume, originOf } from './desired.ts';
import { isMirror, judgeMirror } from './status.ts';

/** What the mirror controller works with. */
export interface MirrorTools {
  readonly lab: Lab;
  readonly config: OperatorsConfig;
  readonly events: EventRecorder;
}

type Claim = Kube<PersistentVolumeClaim>;
type Volume = Kube<PersistentVolume>;
type Tell = (claim: Claim, reason: string, message: string) => void;
type Tools = Pick<MirrorTools, 'lab' | 'config'> & { readonly tell: Tell };

/** Tells each reason once: looking again is no news. */
function teller(events: EventRecorder): Tell {
  const told = new Map<string, string>();
  return (claim, reason, message) => {
    const { uid = '' } = claim.metadata;
    if (told.get(uid) === reason) return;
    if (told.size >= REMEMBERED) told.clear();
    told.set(uid, reason);
    events.record(claim, { type: 'Warning', reason, message });
  };
}

const REMEMBERED = 2_000;

/** Gives mirrors' claims a volume over the bytes of another namespace's claim, and takes it back with the claim. Its keys are those of claims. */
export function mirrorReconciler({ lab, config, events }: MirrorTools): Reconcile {
  const tools = { lab, config, tell: teller(events) };
  return async ({ name, namespace = '' }) => {
    const claim = lab.claims.get(name, namespace);
    const volume = lab.volumes.get(mirrorVolumeName(namespace, name));
    if (!claim || !isMirror(claim)) await removeVolume(lab, volume);
    else if (claim.metadata.deletionTimestamp !== undefined) return undefined;
    else if (!volume) await make(tools, claim);
    else await keep(tools, claim, volume);
    return undefined;
  };
}

/** Nothing is lost with it: it only showed what is somewhere else. */
async function removeVolume({ client }: Lab, volume: Volume | undefined): Promise<void> {
  if (!volume || volume.metadata.labels?.[LABEL.managedBy] !== MIRROR_MANAGER || volume.metadata.deletionTimestamp !== undefined) return;
  await client.delete(persistentVolumes, volume.metadata.name);
}

async function make(tools: Tools, claim: Claim): Promise<void> {
  const { lab, config, tell } = tools;
  if (claim.status?.phase === 'Lost') {
    // A claim whose volume was taken away never gets another; whoever wants it makes it anew.
    await lab.client.delete(persistentVolumeClaims, claim.metadata.name, claim.metadata.namespace);
    return;
  }
  const verdict = judge(tools, claim, config);
  if (verdict.allowed) await lab.converger.ensure(mirrorVolume({ claim, ...verdict }));
  else tell(claim, verdict.reason, `The shared volume is not there yet: ${verdict.message}.`);
}

/** A volume that is bound stays as it is, unless it belongs to an earlier claim or shows bytes that are gone. */
async function keep(tools: Tools, claim: Claim, volume: Volume): Promise<void> {
  const { lab, config } = tools;
  const holder = volume.spec?.claimRef?.uid;
  if (holder !== undefined && holder !== claim.metadata.uid) return removeVolume(lab, volume);
  const verdict = judge(tools, claim, config);
  if (!verdict.allowed) return;
  const shown = shareableSource(volume) ?? {};
  // What was decided about writing when it was made holds until the claim is made anew: a volume's source cannot be changed.
  if (handleOf(shown) === handleOf(verdict.source)) {
    await lab.converger.ensure(mirrorVolume({ claim, ...verdict, readOnly: onlyRead(shown) }));
  } else {
    await lab.client.delete(persistentVolumeClaims, claim.metadata.name, claim.metadata.namespace);
  }
}

function onlyRead({ csi, nfs }: PersistentVolumeSpec): boolean {
  return csi?.readOnly ?? nfs?.readOnly ?? false;
}

function handleOf({ csi, nfs, local, hostPath }: PersistentVolumeSpec): string {
  return JSON.stringify([csi?.driver, csi?.volumeHandle, nfs?.server, nfs?.path, local?.path, hostPath?.path]);
}

function judge({ lab }: Tools, claim: Claim, config: OperatorsConfig) {
  const { namespace = '' } = claim.metadata;
  const at = originOf(claim);
  const originClaim = at && lab.claims.get(at.name, at.namespace);
  const origin = originClaim && lab.volumes.get(originClaim.spec?.volumeName ?? '');
  const access = at ? accessOf(lab, claim, at) : 'none';
  return judgeMirror({ claim, namespace: lab.namespaces.get(namespace), originClaim, origin, access }, config);
}

/** A claim may say anything of itself. What counts is the instance that owns it: its template must mount the volume, for this tenant. */
function accessOf(lab: Lab, claim: Claim, origin: { readonly name: string; readonly namespace: string }): SharedAccess {
  const instance = ownerOf(lab, claim);
  if (!instance) return 'none';
  const { 'template.crownlabs.polito.it/TemplateRef': reference, 'tenant.crownlabs.polito.it/TenantRef': owner } = instance.spec;
  const template = lab.templates.get(reference.name, reference.namespace ?? instance.metadata.namespace);
  const tenant = lab.tenants.get(owner.name);
  if (!template || !tenant) return 'none';
  const granted = template.spec.environmentList
    .flatMap(({ sharedVolumeMounts = [] }) => sharedVolumeMounts)
    .filter((it) => sharedVolumeClaimName(it.sharedVolume.name) === origin.name && volumeNamespaceOf(it, template) === origin.namespace)
    .map((it) => (volumeNamespaceOf(it, template) === template.metadata.namespace ? 'write' : sharedAccess(it, template, tenant)));
  return (['write', 'read'] as const).find((it) => granted.includes(it)) ?? 'none';
}

function ownerOf(lab: Lab, claim: Claim): Instance | undefined {
  const reference = controllerOf(claim);
  const instance = reference?.kind === 'Instance' ? lab.instances.get(reference.name, claim.metadata.namespace) : undefined;
  return instance?.metadata.uid === reference?.uid ? instance : undefined;
}
