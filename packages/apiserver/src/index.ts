export { ADMISSION_PLUGINS, quotaKinds, quotaUsed, type WebhookHandler } from './admission/index.ts';
export type { OidcOptions } from './authn/index.ts';
export type { AuthorizationMode } from './authz/index.ts';
export { copyLog, type RestingLog, reviveLog } from './backup.ts';
export { kubeconfigOf, type MachineCertificates, machineCertificates } from './certificates.ts';
export type { LocalResource } from './discovery/groups.ts';
export type { Listener, ListenOptions, TlsOptions } from './http/listen.ts';
export type { ExecOptions, ExecSession, Kubelet, LogOptions } from './kubelet.ts';
export type { LocalAnswer, LocalGroup, LocalRequest } from './local-group.ts';
export { type ApiServerConfig, type RunningApiServer, runApiServer, startApiServer } from './program.ts';
export type { ResourceInfo } from './resource.ts';
export {
  addQuantities,
  approximately,
  compareQuantities,
  formatQuantity,
  type Quantity,
  quantityOf,
  subtractQuantities,
} from './schema/index.ts';
export { type FieldTerm, parseFieldTerms } from './select/field-selector.ts';
export { type LabelSelectorTerms, matchesSelector, matchesTerm } from './select/label-match.ts';
export { type LabelMatcher, parseLabelSelector } from './select/label-selector.ts';
export { type ApiServer, type ApiServerOptions, createApiServer } from './server.ts';
export type { InProcessTransport, TransportRequest, TransportResponse } from './transport.ts';
export type { UserInfo } from './user.ts';
