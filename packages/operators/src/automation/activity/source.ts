import type { Instance, Template } from '@crownlabs/api';

/** Something that knows when Instances were used. */
export interface ActivitySource {
  /** When the Instance was used last, `undefined` if this source never saw it. Throws when it cannot tell now: then nobody is stopped for its silence. */
  lastUse(instance: Instance, template: Template, signal: AbortSignal): Promise<number | undefined>;
  /** At most this long after a use it must be asked, or it has forgotten; absent: it never forgets, and announces what is new. */
  readonly askEveryMs?: number;
}
