import { z } from 'zod';
import { marked } from './schema-mark.ts';

// A limit below nothing would make room for what is above it, and exponents without end would keep whoever reads them busy for ever.
const QUANTITY = '^\\+?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE](\\+|-)?[0-9]{1,2})?$';
// At least one digit that is not zero: nobody can start an environment with no processor, and no memory would mean as much as there is.
const POSITIVE = '^\\+?([0-9]*[1-9][0-9]*(\\.[0-9]*)?|[0-9]*\\.[0-9]*[1-9][0-9]*)([KMGTPE]i|[numkMGTPE]|[eE](\\+|-)?[0-9]{1,2})?$';

function intOrString(pattern: string, minimum: number) {
  const number = z.int().min(minimum);
  const anyOf = [{ type: 'integer' }, { type: 'string' }];
  return marked(z.union([number, z.string().regex(new RegExp(pattern))]), {
    replace: { 'x-kubernetes-int-or-string': true, anyOf, pattern, minimum },
  });
}

/** A quantity in Kubernetes' notation, nothing or more. The text of a field is given by the caller, because descriptions live on the field. */
export function quantity(description: string) {
  return intOrString(QUANTITY, 0).describe(description);
}

/** A whole number or a quantity such as `500m` or `2Gi`; more than nothing. */
export function someOf(description: string) {
  return intOrString(POSITIVE, 1).describe(description);
}

/** Extended resources by name, for example `nvidia.com/gpu`. */
const OtherResources = z
  .record(z.string(), quantity('How much of the resource.'))
  .describe('Extended resources by name, for example nvidia.com/gpu.');

/** What an environment gets. */
export const ResourceSpec = z.object({
  cpu: someOf('Processor cores: a whole number, or a quantity such as 500m.'),
  memory: someOf('Memory, for example 2Gi or 512Mi.'),
  disk: quantity('Size of the disk that persistent environments keep.').optional(),
  otherResources: OtherResources.optional(),
});
/** What an environment gets. */
export type ResourceSpec = z.infer<typeof ResourceSpec>;

/** What each user of a workspace may have in use at the same time. */
export const WorkspaceQuota = ResourceSpec.extend({
  instances: z.int().min(1).describe('How many instances may exist at the same time.'),
}).describe('What each user may have in use at the same time in this workspace.');
/** What each user of a workspace may have in use at the same time. */
export type WorkspaceQuota = z.infer<typeof WorkspaceQuota>;

/** A reference to an object by name and namespace. */
export function reference(description: string) {
  return z
    .object({
      name: z.string().describe('Name of the object that is meant.'),
      namespace: z.string().optional().describe('Namespace of that object, where it is in one and that is not clear.'),
    })
    .describe(description);
}
/** A reference to an object by name and namespace. */
export type Reference = z.infer<ReturnType<typeof reference>>;

/** The name of an environment: a DNS label of up to 32 characters. */
export const EnvironmentName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/)
  .describe('Name of the environment: lower-case letters, digits and dashes, up to 32 characters.');

/** One aspect of an object's state, with a reason for machines and a message for people. */
export const Condition = z.object({
  type: z.string().describe('What the condition is about, in CamelCase.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds; Unknown while that cannot be told.'),
  reason: z.string().describe('Why, in one CamelCase word.'),
  message: z.string().describe('Why, and what to do, in words that a student understands.'),
  lastTransitionTime: z.iso.datetime().describe('When the status changed last.'),
  observedGeneration: z.int().optional().describe('The generation of the object that this was found out for.'),
});
/** One aspect of an object's state. */
export type Condition = z.infer<typeof Condition>;

/** What every status has. */
export const commonStatus = {
  conditions: marked(z.array(Condition).optional().describe('The state in detail, one entry for each aspect.'), { listMapKeys: ['type'] }),
  observedGeneration: z.int().optional().describe('The generation of the object that this status was found out for.'),
};

/** A namespace of ours and whether it is there. */
export function namespaceState(description: string) {
  return existence(description, 'namespace');
}

/** Something that is made for somebody, by name, and whether it is there. */
export function existence(description: string, what: string) {
  return z
    .object({
      name: z.string().optional().describe(`Name of the ${what}.`),
      created: z.boolean().describe(`Whether the ${what} exists.`),
    })
    .describe(description);
}
