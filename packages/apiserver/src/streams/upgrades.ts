import type { UpgradeHandler } from '../http/listen.ts';
import type { LocalGroup } from '../local-group.ts';
import type { Api } from '../pipeline.ts';
import type { Kubelets } from './kubelets.ts';

/** Takes connections over that want another protocol. */
export function upgrades(_: Api, __: Kubelets, ___: readonly LocalGroup[]): UpgradeHandler {
  return (_request, socket) => socket.destroy();
}
