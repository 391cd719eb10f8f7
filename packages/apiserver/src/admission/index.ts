export { type AdmissionOptions, createAdmission } from './admission.ts';
export type { PodSecurityLevel, PodSecurityOptions } from './pod-security.ts';
export { quotaKinds, quotaUsed } from './quota-total.ts';
export type { ServiceRanges } from './service-allocator.ts';
export type { WebhookHandler, WebhookPost, WebhookTarget } from './webhook-call.ts';
