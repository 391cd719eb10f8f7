/** A running command, as the client room's pod streams give it. */
export interface Shell {
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: AsyncIterable<Uint8Array>;
  resize(columns: number, rows: number): Promise<void>;
  readonly exited: Promise<number>;
}

/** Runs a command in a pod through the API (`exec` of `podStreams`). */
export type Exec = (
  pod: { namespace: string; name: string },
  command: { container: string; command: readonly string[]; tty: boolean; stdin: boolean },
  signal: AbortSignal,
) => Promise<Shell>;
