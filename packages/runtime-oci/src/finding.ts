/** One line of `crownlabs doctor`: what was looked at, what was found, what we did about it, what the person may do. */
export interface Finding {
  /** Stable, kebab-case: `engine`, `file-limit`, `oci-runtime`, … */
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  /** What we do about it ourselves; empty when nothing is needed. */
  readonly did: string;
  /** What to type or ask for; empty when nothing is needed. */
  readonly advice: string;
}

/** A finding that needs nobody. */
export function fine(check: string, found: string, did = ''): Finding {
  return { check, ok: true, found, did, advice: '' };
}

/** A finding that needs somebody. */
export function trouble(check: string, found: string, advice: string): Finding {
  return { check, ok: false, found, did: '', advice };
}
