export { type OperatorsProgram, startOperatorsProgram } from './program.ts';
export type { RunningOperators } from './replica.ts';
export { OperatorsSettings, parseOperators } from './settings.ts';
