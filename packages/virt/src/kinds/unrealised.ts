import { marked } from '@crownlabs/api';
import { z } from 'zod';

/** A text. */
export const text = z.string();
/** More than anybody has of anything: what rules cost is reckoned by it. */
export const MOST = 64;
/** More cards than a lab of several machines asks for: each is a place on the bus of its guest, and a wire of the host. */
export const MOST_NETWORKS = 9;
/** What disks, networks and volumes are called by one another. */
export const label = text.max(63);
/** A choice that has nothing to say. */
export const nothing = z.object({});
/** A port of a guest. */
export const port = z.int().min(1).max(65_535);

const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as const;
const SHAPES = {
  object: anything,
  list: { type: 'array', items: anything },
  text: { type: 'string' },
  texts: { type: 'array', items: { type: 'string' } },
  number: { type: 'integer' },
} as const;

/**
 * A field of KubeVirt's or CDI's that is not realised here. A field that a schema does not know is taken away without a word from all but strict
 * clients; this one is refused by its name, whoever writes it, with what to do instead.
 */
export function unrealised(advice: string, shape: keyof typeof SHAPES = 'object') {
  const rules = [{ rule: 'false', message: advice, reason: 'FieldValueForbidden' }] as const;
  return marked(z.never().describe(`Not realised here: ${advice}.`), { replace: SHAPES[shape], rules }).optional();
}

/** A switch of theirs that can be left off, and not be put on. */
export function alwaysOff(advice: string) {
  const rules = [{ rule: '!self', message: advice, reason: 'FieldValueForbidden' }] as const;
  return marked(z.boolean().describe(`Not realised here: ${advice}.`), { rules }).optional();
}

/** Said by others for schedulers, networks and processors that one machine does not have: kept, without effect. */
export function unused(what: string) {
  return marked(z.record(z.string(), z.unknown()).describe(`${what} ${KEPT}`), { replace: anything });
}

const KEPT = 'Kept as it is: without effect on a single machine.';

/** As {@link unused}, for a value that is no object. */
export function unusedValue<T extends z.ZodType>(schema: T, what: string) {
  return schema.describe(`${what} ${KEPT}`).optional();
}

/** One of several things and no other, whether it is realised here or not. */
export function exactlyOne<T extends z.ZodObject>(schema: T, what: string) {
  const named = Object.keys(schema.shape).filter((name) => name !== 'name');
  const rule = `${named.map((name) => `(has(self.${name}) ? 1 : 0)`).join(' + ')} == 1`;
  return marked(schema, { rules: [{ rule, message: `must name exactly one ${what}` }] });
}
