import { useApp } from '../context.tsx';
import { type Loadable, mapLoadable, useLive } from '../wire/live.ts';
import type { Tenant } from './tenant.ts';

/** The person as the system has them; `undefined` when there is no such Tenant. */
export function useTenant(): Loadable<Tenant | undefined> {
  const { lab, me } = useApp();
  return mapLoadable(useLive(lab.tenant(me.name)), ([tenant]) => tenant);
}

/** Names of the workspaces that the person teaches. */
export function useManagedWorkspaces(): readonly string[] {
  const tenant = useTenant();
  if (tenant.state !== 'ready') return [];
  return (tenant.value?.workspaces ?? []).filter(({ role }) => role === 'manager').map(({ name }) => name);
}
