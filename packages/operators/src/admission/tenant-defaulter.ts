import { EXAM_TENANT, LABEL, type Tenant } from '@crownlabs/api';
import type { OperatorsConfig } from '../config.ts';
import { bypasses } from './bypass.ts';
import type { AdmissionRequest, Decision, PatchOperation } from './review.ts';

/** Fills in what every Tenant has: whose it is, and the workspaces that everybody is in. */
export async function defaultTenant(request: AdmissionRequest<Tenant>, config: OperatorsConfig): Promise<Decision> {
  return { patch: [...selector(request, config), ...baseWorkspaces(request.object, config)] };
}

function selector({ operation, user, object, oldObject }: AdmissionRequest<Tenant>, config: OperatorsConfig): PatchOperation[] {
  const labels = object.metadata.labels ?? {};
  const has = labels[LABEL.operatorSelector];
  if (bypasses(user, config) && (operation === 'UPDATE' || has !== undefined)) return [];
  // The tenant of exams belongs to no operator, and says so.
  const forced = object.metadata.name === EXAM_TENANT ? '' : config.operatorSelector || undefined;
  const before = oldObject?.metadata.labels?.[LABEL.operatorSelector];
  const wants = operation === 'UPDATE' ? before : forced;
  if (has === wants) return [];
  const rest = Object.fromEntries(Object.entries(labels).filter(([key]) => key !== LABEL.operatorSelector));
  return [{ op: 'add', path: '/metadata/labels', value: wants === undefined ? rest : { ...rest, [LABEL.operatorSelector]: wants } }];
}

function baseWorkspaces({ spec }: Tenant, config: OperatorsConfig): PatchOperation[] {
  const has = spec.workspaces ?? [];
  const missing = config.baseWorkspaces.filter((name) => !has.some((it) => it.name === name));
  if (missing.length === 0) return [];
  return [{ op: 'add', path: '/spec/workspaces', value: [...has, ...missing.map((name) => ({ name, role: 'user' }))] }];
}
