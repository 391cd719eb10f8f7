export type { Engine } from './engine/engine.ts';
export { stopPodmanService } from './engine/podman-service.ts';
export { type EngineOptions, type EngineStart, requireEngine, startEngine } from './engine/start-engine.ts';
export type { Finding } from './finding.ts';
export { type HostCommand, hostCommand } from './host-command.ts';
export { openImageStore } from './image-store.ts';
export { INSTALLATION_LABEL } from './names.ts';
export type { NetworkPolicy } from './network/tenant-networks.ts';
export { type OpenedRuntime, openRuntime, type RuntimeOptions } from './open-runtime.ts';
