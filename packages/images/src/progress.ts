/** How far a build is. `percent` never goes back. */
export interface BuildProgress {
  /** In words for people: "Installing packages". */
  readonly step: string;
  readonly percent: number;
}

// Where the time goes, seen over many builds: the base system, then packages, then packing.
const BASE_END = 20;
const PACKAGES_END = 85;

interface State {
  progress: BuildProgress;
  total: number;
  done: number;
}

/** Follows the output of mmdebstrap (`--verbose`) line by line and says how far the build is. */
export function progressReader(): (line: string) => BuildProgress {
  const state: State = { progress: { step: 'Preparing the base system', percent: 1 }, total: 0, done: 0 };
  return (line) => {
    const next = reading(state, line);
    if (next && next.percent >= state.progress.percent) state.progress = next;
    return state.progress;
  };
}

function reading(state: State, line: string): BuildProgress | undefined {
  const count = /(\d+) newly installed/.exec(line)?.[1];
  if (count) {
    state.total = Number(count);
    state.done = 0;
    return undefined;
  }
  const inBase = state.progress.percent < BASE_END;
  if (line.startsWith('I: installing remaining packages')) return { step: 'Fetching packages', percent: BASE_END };
  if (line.startsWith('I: running --customize-hook')) return { step: 'Setting up the environment', percent: PACKAGES_END };
  if (line.startsWith('I: creating tarball')) return { step: 'Packing the image', percent: PACKAGES_END + 5 };
  if (!/^(Get:|Unpacking |Setting up )/.test(line)) return undefined;
  state.done++;
  const share = Math.min(1, state.done / Math.max(1, 3 * state.total));
  if (inBase) return { step: 'Preparing the base system', percent: Math.round(1 + share * (BASE_END - 2)) };
  const step = line.startsWith('Get:') ? 'Fetching packages' : 'Installing packages';
  return { step, percent: Math.round(BASE_END + share * (PACKAGES_END - BASE_END)) };
}
