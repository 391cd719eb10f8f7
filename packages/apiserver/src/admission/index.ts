export { ADMISSION_PLUGINS, type AdmissionOptions, createAdmission } from './admission.ts';
export { quotaKinds, quotaUsed } from './quota-total.ts';
export type { WebhookHandler } from './webhook-call.ts';
