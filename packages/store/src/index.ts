export type { Retention } from './compaction.ts';
export type { Change, Entry, LogEvent, Page, Range } from './entry.ts';
export type { SealOptions } from './seal.ts';
export { type LogListener, openStore, type Store, type StoreOptions } from './store.ts';
