export { pathAttributes, resourceAttributes } from './attributes.ts';
export { type Authorization, type AuthorizationMode, createAuthorization } from './authorization.ts';
export { bootstrapRbac } from './bootstrap.ts';
export { refusal } from './forbidden-text.ts';
export { type Rbac, SUPERUSERS } from './rbac.ts';
export type { VirtualHandler } from './virtual-handler.ts';
