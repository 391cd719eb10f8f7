/** Of architecture.md, for one machine of two cores: `least` per second, or `most` of the unit. */
const BUDGETS: Readonly<Record<string, { readonly least?: number; readonly most?: number }>> = {
  'ready, empty': { most: 500 },
  'ready, 10,000 objects': { most: 1500 },
  create: { least: 2660 },
  get: { least: 6800 },
  'status patch': { least: 1850 },
  'list of 2,000': { most: 100 },
  'watch events to 100': { least: 52_000 },
  'watch to 100, p99': { most: 50 },
  'longest stall, lists of 10,000': { most: 50 },
  'longest stall, patches of 1 MB': { most: 50 },
  'longest stall, 32 writers': { most: 50 },
  'longest stall, deletion of 10,000': { most: 50 },
  'memory, idle': { most: 120 },
  'memory, 2,000 objects and 100 watchers': { most: 200 },
  'CPU, idle': { most: 0.5 },
};

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly more?: string;
}

const figures: Figure[] = [];

/** Prints a figure beside its budget and keeps it for the ratios at the end. */
export function show(figure: Figure): void {
  figures.push(figure);
  const { name, value, unit, more = '' } = figure;
  const { least, most } = BUDGETS[name] ?? {};
  const kept = (least === undefined || value >= least) && (most === undefined || value <= most);
  const budget = least === undefined && most === undefined ? '' : `${least === undefined ? '≤' : '≥'} ${least ?? most} ${kept ? '✓' : '✗'}`;
  console.log(`${name.padEnd(40)} ${String(value).padStart(8)} ${unit.padEnd(6)} ${budget.padEnd(12)} ${more}`);
}

/** What was measured of us beside what was measured of a peer under the same name, in this very run. */
export function showRatios(peer: string): void {
  const ours = new Map(figures.map((one) => [one.name, one]));
  for (const { name, value, unit } of figures) {
    const own = name.startsWith(`${peer}: `) ? ours.get(name.slice(peer.length + 2)) : undefined;
    if (!own || value === 0) continue;
    console.log(`${`${own.name}, to ${peer}`.padEnd(48)} ${(own.value / value).toFixed(2)} × (${own.value} to ${value} ${unit})`);
  }
}
