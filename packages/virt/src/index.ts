export { clonePolicy } from './disk/clone-policy.ts';
export type { PodShell } from './doors/shell.ts';
export { MACHINE_SUBRESOURCES, type SubresourceAnswer, type SubresourceGroup, type SubresourceRequest } from './doors/subresources.ts';
export { isLauncherName, KVM_RESOURCE, type LauncherConfig } from './guest/desired.ts';
export type { Acceleration } from './guest/emulator.ts';
export { probeKvm } from './guest/kvm.ts';
export { TUN_RESOURCE } from './guest/networks.ts';
export { type Disk, disks, type Guest, guests, type Machine, machineCrds, machines, snapshotClasses } from './kinds/kinds.ts';
export { startVirt, type Virt, type VirtOptions } from './start.ts';
