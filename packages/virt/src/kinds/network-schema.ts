import { z } from 'zod';
import { text } from './unrealised.ts';

/** What a network is: a configuration of the Container Network Interface, of which the node realises `type: bridge`. */
export const NetworkSpec = z.object({
  config: text
    .max(16_384)
    .optional()
    .describe(
      'JSON of CNI: {"cniVersion": "1.0.0", "name": "lan", "type": "bridge", "bridge": "lan", "ipam": {}}. All that name the same bridge are on one wire.',
    ),
});

/** Nothing is told of a network. */
export const NetworkStatus = z.object({});
