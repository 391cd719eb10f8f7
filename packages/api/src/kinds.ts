import { crdOf, type LabCrd } from './crd.ts';
import { imageBuildKind } from './image-build.ts';
import { imageListKind } from './image-list.ts';
import { instanceKind } from './instance.ts';
import { instanceSnapshotKind } from './instance-snapshot.ts';
import type { Kind } from './kind.ts';
import { sharedVolumeKind } from './shared-volume.ts';
import { templateKind } from './template.ts';
import { tenantKind } from './tenant.ts';
import { workspaceKind } from './workspace.ts';

/** All kinds of ours, the compatible ones first. */
export const KINDS: readonly Kind[] = [
  tenantKind,
  workspaceKind,
  templateKind,
  instanceKind,
  instanceSnapshotKind,
  sharedVolumeKind,
  imageListKind,
  imageBuildKind,
];

/** The CustomResourceDefinitions of all kinds. */
export function crds(): LabCrd[] {
  return KINDS.map((kind) => crdOf(kind));
}
