export type { Forward } from './environment/dial.ts';
export type { Watched } from './environment/environments.ts';
export type { OpenMachine } from './environment/machine-console.ts';
export type { Exec, Shell } from './environment/shell.ts';
export { createExamAgent, type ExamAgent, type ExamAgentOptions, ensureExamNamespace } from './exam/exam-agent.ts';
export { followLab } from './follow-lab.ts';
export { createGateway, type Gateway, type GatewayOptions, type Granted } from './gateway.ts';
export type { Neighbour } from './http/proxy.ts';
export { FileSessionStore, type Keep, type Kept, type SessionStore } from './session/session-store.ts';
