import type { Admission, AdmissionCall, AdmissionPlugin } from '../call.ts';
import type { MutatingWebhooks, ValidatingWebhooks } from './webhooks.ts';

/** What a write passes, in order. To know admission, read these lists. */
export interface AdmissionChain {
  /** Change objects, then look at them; webhooks come after them in both phases. */
  readonly plugins: readonly AdmissionPlugin[];
  /** At most one of each: none where they are left out. */
  readonly mutating: readonly MutatingWebhooks[];
  readonly validating: readonly ValidatingWebhooks[];
  /** Look last: they count what all others let through. */
  readonly last: readonly AdmissionPlugin[];
}

/** The chain as the pipeline calls it. */
export function admissionOf({ plugins, mutating, validating, last }: AdmissionChain): Admission {
  async function mutatePlugins(call: AdmissionCall): Promise<void> {
    for (const plugin of plugins) {
      const waiting = plugin.mutate && plugin.handles(call) ? plugin.mutate(call) : undefined;
      // Most have nothing to wait for, and there are many of them.
      if (waiting) await waiting;
    }
  }
  async function validatePlugins(call: AdmissionCall, list: readonly AdmissionPlugin[]): Promise<void> {
    for (const plugin of list) {
      const waiting = plugin.validate && plugin.handles(call) ? plugin.validate(call) : undefined;
      if (waiting) await waiting;
    }
  }
  return {
    mutate: async (call) => {
      await mutatePlugins(call);
      for (const webhooks of mutating) {
        const first = await webhooks.run(call);
        if (!first.changed) return;
        // What webhooks added is brought in line by the plugins, and shown once more to the webhooks that asked for it.
        await mutatePlugins(call);
        if (first.curious.size > 0) await webhooks.run(call, first);
      }
    },
    validate: async (call) => {
      await validatePlugins(call, plugins);
      for (const webhooks of validating) await webhooks.run(call);
      await validatePlugins(call, last);
    },
  };
}
