/** How a container ended. */
export interface Ended {
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly id: string;
}

/** Where a container is, as its status tells. */
export type ContainerPhase =
  | { readonly kind: 'waiting'; readonly reason: string; readonly message?: string }
  | { readonly kind: 'running'; readonly startedAt: number; readonly id: string }
  | ({ readonly kind: 'ended' } & Ended);

/** A container as its pod's status shows it. */
export interface ContainerView {
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly phase: ContainerPhase;
  readonly last: Ended | undefined;
  readonly restarts: number;
  readonly ready: boolean;
  /** Its startup probe has succeeded, or it has none and runs. */
  readonly started: boolean;
}
