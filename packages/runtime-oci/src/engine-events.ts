import { setTimeout as pause } from 'node:timers/promises';
import { type Logger, messageOf } from '@crownlabs/std';
import type { Engine } from './engine/engine.ts';
import { INSTALLATION_LABEL } from './names.ts';

/** A container of ours ended. */
export interface Death {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly exitCode: number;
  readonly at: number;
}

/** What a reader of engine events is told. */
export interface EventHandlers {
  died(death: Death): void;
  /** The stream was cut: events may have been missed. Called once it is back. */
  back(): void;
  /** The stream is cut. */
  lost(): Promise<void>;
}

const RETRY_MS = 250;

/** Follows the engine's events about our containers until the signal aborts. */
export async function followEngine(
  options: { readonly engine: Engine; readonly installation: string; readonly log: Logger },
  handlers: EventHandlers,
  signal: AbortSignal,
): Promise<void> {
  let broken = false;
  while (!signal.aborted) {
    try {
      const stream = await options.engine.docker.getEvents({
        filters: JSON.stringify({ type: ['container'], label: [`${INSTALLATION_LABEL}=${options.installation}`] }),
        abortSignal: signal,
      });
      if (broken) handlers.back();
      broken = false;
      for await (const death of deaths(stream)) handlers.died(death);
    } catch (error) {
      if (signal.aborted) return;
      options.log.warn('The engine event stream was cut', { error: messageOf(error) });
    }
    if (signal.aborted) return;
    broken = true;
    await handlers.lost().catch((error: unknown) => options.log.error('The engine was not revived', { error: messageOf(error) }));
    await pause(RETRY_MS);
  }
}

async function* deaths(stream: NodeJS.ReadableStream): AsyncGenerator<Death> {
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.flatMap((line) => (line.trim() === '' ? [] : (readDeath(line) ?? [])));
  }
}

interface EventRow {
  readonly Action?: string;
  readonly timeNano?: number;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
}

/** Reads one event; `undefined` for all that are no deaths. */
export function readDeath(line: string): Death | undefined {
  const parsed: unknown = JSON.parse(line);
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { Action, Actor, timeNano } = parsed as EventRow;
  if ((Action !== 'die' && Action !== 'died') || !Actor?.ID) return undefined;
  const labels = Actor.Attributes ?? {};
  const exitCode = Number(labels['exitCode'] ?? labels['containerExitCode'] ?? 0);
  return { id: Actor.ID, labels, exitCode, at: timeNano ? Math.floor(timeNano / 1e6) : Date.now() };
}
