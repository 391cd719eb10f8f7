export { type ContractCase, type ContractWorld, runtimeContract } from './contract.ts';
export { type EventStream, eventStream } from './event-stream.ts';
export {
  environment,
  type FakeExec,
  type FakeExecResult,
  type FakeProcess,
  type FakeProgram,
  shell,
  shellExec,
  untilStopped,
} from './fake-process.ts';
export { type FakeRuntime, type FakeRuntimeOptions, fakeRuntime } from './fake-runtime.ts';
export type {
  ContainerInfo,
  ContainerSpec,
  ContainerState,
  ContainerUsage,
  Device,
  ExecRequest,
  ExecStream,
  ImageConfig,
  ImageInfo,
  ImageStore,
  Limits,
  LogRequest,
  Mount,
  PodInfo,
  PodRef,
  PodSpec,
  PullProgress,
  Runtime,
  RuntimeEvent,
  Security,
  SegmentPlace,
} from './runtime.ts';
