export { type AdmissionOptions, createAdmission } from './admission.ts';
export { selects } from './label-selector.ts';
export { type Amounts, plus, podAmounts, readAmounts } from './pod-amounts.ts';
export type { PodSecurityLevel, PodSecurityOptions } from './pod-security.ts';
export { inScope } from './quota-scopes.ts';
export { quotaKind, quotaUsage } from './quota-usage.ts';
export type { ServiceRanges } from './service-allocator.ts';
export type { WebhookHandler, WebhookPost, WebhookTarget } from './webhook-call.ts';
export type { Condition } from './webhooks.ts';
