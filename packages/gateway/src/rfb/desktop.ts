import type { Logger } from '@crownlabs/std';
import { Direct } from './direct.ts';
import type { Upstream } from './upstream.ts';
import type { Viewer } from './viewer.ts';

/** Parts of a desktop. */
export interface DesktopOptions {
  readonly reach: (signal: AbortSignal) => Promise<Upstream>;
  readonly log: Logger;
  /** Called when the last viewer left. */
  readonly onEmpty: () => void;
}

/** One environment's desktop and whoever looks at it. */
export class Desktop {
  readonly #options: DesktopOptions;
  #viewers = 0;

  constructor(options: DesktopOptions) {
    this.#options = options;
  }

  async join(viewer: Viewer, greeted: Promise<void>, signal: AbortSignal): Promise<void> {
    this.#viewers += 1;
    viewer.onClose(() => {
      this.#viewers -= 1;
      if (this.#viewers === 0) this.#options.onEmpty();
    });
    const [upstream] = await Promise.all([this.#options.reach(signal), greeted]);
    viewer.welcome(upstream.init);
    new Direct(viewer, upstream).run();
  }
}
