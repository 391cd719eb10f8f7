export { type WebhookReach, webhookConfigurationName, webhookConfigurations } from './admission/configurations.ts';
export { type AdmissionHandlers, admissionHandlers, SYSTEM_NAMESPACE, WEBHOOKS } from './admission/handlers.ts';
export type { ReviewHandler } from './admission/review.ts';
export type { AdmissionWorld } from './admission/world.ts';
export { AUTOMATION, type AutomationConfig, type PrometheusConfig } from './automation/config.ts';
export type { Notice, NoticeName, Post } from './automation/notice.ts';
export { type ExpositionMode, type OperatorsConfig, SINGLE_MACHINE } from './config.ts';
export type { Piece, Wanted } from './converge.ts';
export { type Directory, type DirectoryPerson, type DirectoryUser, embeddedDirectory } from './directory.ts';
export { type Probe, type ProbedPod, RFB_PORT, rfbProbe } from './doorbell.ts';
export { IMAGE_LISTS, type ImageListsConfig, type ImageRegistry } from './image-list/config.ts';
export type { SnapshotRegistry, SnapshotsConfig } from './instance-snapshot/config.ts';
export {
  type InstallOptions,
  installKinds,
  installManifests,
  installWebhooks,
  installWhatIsAllowed,
  labClusterRoles,
  labManifests,
} from './manifests/install.ts';
export { type OperatorMetrics, type ReadyEnvironment, UNCOUNTED } from './metrics.ts';
export { METALLB, type PublicExposureConfig } from './public-exposure/config.ts';
export type { SharedVolumesConfig } from './shared-volume/config.ts';
export {
  type LabCounts,
  type Operators,
  type OperatorsOptions,
  startOperators,
  type WatchingOperators,
  watchLab,
} from './start-operators.ts';
