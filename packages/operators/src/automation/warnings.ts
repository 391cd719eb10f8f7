/** How many warnings come before something is done, and how far apart. */
export interface WarningPlan {
  readonly count: number;
  readonly intervalMs: number;
}

/** What is known of a round of warnings. */
export interface WarningRound {
  /** When the time is over. */
  readonly due: number;
  readonly sent: number;
  readonly lastSentAt: number | undefined;
  /** Absent: nobody can be warned, so nobody is waited for. */
  readonly plan: WarningPlan | undefined;
  readonly now: number;
}

/** What is next. `actAt` is when it will be done if nothing happens until then. */
export type WarningStep =
  | { readonly do: 'wait'; readonly until: number; readonly actAt: number }
  | { readonly do: 'warn'; readonly ordinal: number; readonly actAt: number }
  | { readonly do: 'act' };

/** One warning an interval, as many as there are; an interval after the last one it is done. */
export function nextStep({ due, sent, lastSentAt, plan, now }: WarningRound): WarningStep {
  const { count, intervalMs } = plan ?? { count: 0, intervalMs: 0 };
  if (count === 0) return now < due ? { do: 'wait', until: due, actAt: due } : { do: 'act' };
  if (now < due) return { do: 'wait', until: due, actAt: due + count * intervalMs };
  if (sent === 0 || lastSentAt === undefined) return { do: 'warn', ordinal: 1, actAt: now + count * intervalMs };
  const next = lastSentAt + intervalMs;
  const left = Math.max(0, count - sent);
  if (now < next) return { do: 'wait', until: next, actAt: next + left * intervalMs };
  return left === 0 ? { do: 'act' } : { do: 'warn', ordinal: sent + 1, actAt: now + left * intervalMs };
}
