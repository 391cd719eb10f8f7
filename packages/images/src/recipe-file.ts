import { LabError, messageOf } from '@crownlabs/std';
import { parse } from 'yaml';
import { z } from 'zod';

const debianPackage = z.string().regex(/^[a-z0-9][a-z0-9.+-]+$/, 'not the name of a Debian package');
const pathPattern = z.string().regex(/^\/[\w./*+-]*$/, 'not an absolute path pattern');
const recipeName = z.string().regex(/^[a-z][a-z0-9-]{0,38}$/, 'not a name: small letters, digits and hyphens');
const gibibytes = z.string().regex(/^[1-9]\d{0,2}Gi$/, 'not a size such as 8Gi');

/** What a `recipe.yaml` says: an image of an environment, or of a machine's disk, made from Debian packages. */
export const RecipeFile = z.strictObject({
  name: recipeName,
  version: z.string().regex(/^[\w][\w.-]{0,30}$/),
  title: z.string().min(1),
  description: z.string().min(1),
  suite: z.string().default('bookworm'),
  feature: z.enum(['virtualMachines']).optional(),
  /** Made when somebody first starts an environment of it, which takes about so many minutes. */
  onDemand: z.strictObject({ minutes: z.int().positive() }).optional(),
  /** Recipes without whose images this one is of no use. */
  needs: z.array(recipeName).default([]),
  /** Another recipe, whose packages, files and scripts come first. */
  base: recipeName.optional(),
  /** Recipes whose files are wanted too, without their packages. */
  shares: z.array(recipeName).default([]),
  /** The image is the disk of a machine. */
  disk: z.strictObject({ size: gibibytes }).optional(),
  packages: z.array(debianPackage).default([]),
  exclude: z.array(pathPattern).default([]),
  entrypoint: z.array(z.string()).default([]),
  env: z.record(z.string(), z.string()).default({}),
});

const mode = z
  .string()
  .regex(/^0?[0-7]{3}$/, 'not a mode such as "0644"')
  .default('0644');
const insidePath = z.string().regex(/^(\/(?!\.\.?(\/|$))[^/\0]+)+$/, 'not an absolute path of a file');

/** What a teacher's own recipe says: one file, which stands alone or beside the files it names. */
export const CourseFile = z.strictObject({
  name: recipeName,
  version: RecipeFile.shape.version.default('1'),
  title: z.string().min(1).optional(),
  description: z.string().min(1).optional(),
  base: recipeName,
  packages: RecipeFile.shape.packages,
  size: gibibytes.optional(),
  files: z
    .array(
      z
        .strictObject({ path: insidePath, content: z.string().optional(), from: z.string().min(1).optional(), mode })
        .refine(({ content, from }) => (content === undefined) !== (from === undefined), 'exactly one of content and from is needed'),
    )
    .default([]),
  /** Shell texts, run inside the image as root, in order. */
  scripts: z.array(z.string().min(1)).default([]),
  users: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'not the name of a user'),
        /** As in /etc/shadow: what stands in an image is read by all who start it. */
        passwordHash: z
          .string()
          .regex(/^\$[\w$./=,-]+$/, 'not a hash as mkpasswd makes it')
          .optional(),
        groups: z.array(z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'not the name of a group')).default([]),
        shell: z
          .string()
          .regex(/^\/[\w./-]+$/, 'not the path of a shell')
          .default('/bin/bash'),
      }),
    )
    .default([]),
});

/** Parses the text of a recipe; `path` is for the message. */
export function parseRecipe(text: string, path: string): z.infer<typeof RecipeFile> {
  const file = parsed(RecipeFile, text, path);
  if (file.base === undefined && file.packages.length === 0) throw new LabError('Invalid', `${path}: packages: at least one is needed`);
  if (file.base === undefined && !file.disk && file.entrypoint.length === 0)
    throw new LabError('Invalid', `${path}: entrypoint: what an environment starts with is needed`);
  return file;
}

/** Parses the text of a teacher's recipe; `path` is for the message. */
export function parseCourseRecipe(text: string, path: string): z.infer<typeof CourseFile> {
  return parsed(CourseFile, text, path);
}

function parsed<T>(schema: z.ZodType<T>, text: string, path: string): T {
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    throw new LabError('Invalid', `${path} is not YAML: ${messageOf(error)}`, { cause: error });
  }
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.') || 'recipe'}: ${issue.message}`);
  throw new LabError('Invalid', `${path}: ${problems.join('; ')}`);
}
