const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** A Kubernetes quantity as a number, exact enough for bars; what cannot be read counts as nothing. */
export function quantityNumber(quantity: string | number | undefined): number {
  if (typeof quantity === 'number') return quantity;
  const [, digits = '', unit = ''] = /^([0-9.]+)([A-Za-z]{0,2})$/.exec(quantity ?? '') ?? [];
  return Number(digits) * (UNITS[unit] ?? 0) || 0;
}

/** Bytes as people read them. */
export function bytesText(bytes: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const digits = step < 3 ? 0 : 1;
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: units[step] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: digits,
  }).format(bytes / 1000 ** step);
}

/** A count of cores as people read it. */
export function coresText(cores: number, locale: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }).format(cores);
}
