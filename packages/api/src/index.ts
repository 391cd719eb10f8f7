export { crdOf, type LabCrd } from './crd.ts';
export {
  canonicalName,
  cutName,
  driveMirrorName,
  driveName,
  environmentObjectName,
  environmentOrigin,
  GROUP_PREFIX,
  instancePath,
  MYDRIVE_NAMESPACE,
  mirrorVolumeName,
  sandboxNamespace,
  sharedMirrorName,
  sharedVolumeClaimName,
  tenantNamespace,
  workspaceGroup,
  workspaceNamespace,
} from './derived-names.ts';
export { EXAM_NAMESPACE, EXAM_TENANT, ExamWish } from './exam.ts';
export { type ImageBuild, ImageBuildSpec, ImageBuildStatus, imageBuildKind, imageBuilds, LAUNCHER_IMAGE } from './image-build.ts';
export { type ImageList, imageListKind, imageLists } from './image-list.ts';
export {
  EnvironmentStatus,
  type Instance,
  InstancePhase,
  InstanceSpec,
  InstanceStatus,
  instanceKind,
  instances,
} from './instance.ts';
export { type InstanceSnapshot, instanceSnapshotKind, instanceSnapshots } from './instance-snapshot.ts';
export { CROWNLABS_GROUP, type Kind, LAB_GROUP, type PrinterColumn, type ServedAt } from './kind.ts';
export { crds, KINDS } from './kinds.ts';
export type { LabObject, Metadata } from './metadata.ts';
export {
  type Amount,
  amount,
  amountNumber,
  amountText,
  bytesText,
  compare,
  coresText,
  least,
  minus,
  percentOf,
  sum,
  ZERO,
} from './quantity.ts';
export { type CelRule, marked, type SchemaMark } from './schema-mark.ts';
export { Condition, EnvironmentName, quantity, type Reference, ResourceSpec, WorkspaceQuota } from './shared-schema.ts';
export { type SharedVolume, sharedVolumeKind, sharedVolumes } from './shared-volume.ts';
export type { StructuralSchema } from './structural-schema.ts';
export {
  Environment,
  type EnvironmentNetwork,
  EnvironmentType,
  isMachine,
  type Template,
  TemplateSpec,
  TemplateStatus,
  templateKind,
  templates,
} from './template.ts';
export { type Tenant, TenantSpec, TenantStatus, tenantKind, tenants, WorkspaceRole } from './tenant.ts';
export { KEEP_PURPOSES, type KeepGrant, type KeepPurpose, keepRound, USE_NAMESPACE } from './use-of-instances.ts';
export {
  ANNOTATION,
  ENVIRONMENT_SECURITY,
  ENVIRONMENT_UID,
  FINALIZER,
  GUI_PORT,
  LABEL,
  MYDRIVE_PATH,
  PERSONAL_WORKSPACE,
  UTILITIES_WORKSPACE,
  workspaceLabel,
} from './vocabulary.ts';
export { type Workspace, WorkspaceSpec, WorkspaceStatus, workspaceKind, workspaces } from './workspace.ts';
