export { type Agent, type AgentConfig, type AgentOptions, startAgent } from './agent.ts';
export type { NodeDevice } from './devices.ts';
export type { Kubelet, KubeletExecOptions, KubeletExecSession, KubeletLogOptions } from './kubelet.ts';
export type { NodeConfig } from './node.ts';
export type { PodId } from './pod.ts';
export type { ContainerStats, PodStats } from './pod-stats.ts';
