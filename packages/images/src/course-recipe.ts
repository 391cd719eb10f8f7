import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LabError, messageOf } from '@crownlabs/std';
import type { z } from 'zod';
import { linesOf, type Recipe, resolved } from './recipe.ts';
import { type CourseFile, parseCourseRecipe, RecipeFile } from './recipe-file.ts';

type Course = z.infer<typeof CourseFile>;

/** Where a teacher's recipe is read from. */
export interface CourseRecipePlaces {
  /** The recipe's file. Files that it names are beside it. */
  readonly path: string;
  /** The folder of the recipes that it may be built upon. */
  readonly recipes: string;
  /** A folder of the caller's, for what the recipe's files and scripts become. */
  readonly work: string;
}

/** Reads a teacher's recipe: an image of ours, with packages, files, users and scripts of the course on top. */
export async function loadCourseRecipe({ path, recipes, work }: CourseRecipePlaces): Promise<Recipe> {
  const text = await readFile(path, 'utf8');
  const course = parseCourseRecipe(text, path);
  const below = await linesOf(recipes, course.base).catch((error: unknown) => {
    throw new LabError('Invalid', `${path}: base: there is no image ${course.base} to build upon`, { cause: error });
  });
  const isDisk = below.some(({ file }) => file.disk);
  if (course.size !== undefined && !isDisk) throw new LabError('Invalid', `${path}: size: only the disk of a machine has a size`);
  const folder = join(work, course.name);
  await mkdir(folder, { recursive: true });
  // Beside its files, so that a change of it is one of the image.
  await writeFile(join(folder, 'recipe.yaml'), text);
  await layOut(course, { folder, beside: dirname(path), path });
  const file = RecipeFile.parse({
    name: course.name,
    version: course.version,
    title: course.title ?? course.name,
    description: course.description ?? `${course.title ?? course.name}, built upon ${course.base}.`,
    packages: course.packages,
    ...(course.size === undefined ? {} : { disk: { size: course.size } }),
  });
  return resolved([{ folder, file }, ...below], recipes);
}

/** Puts the recipe into the form that our own have: a tree of files, and a script. */
async function layOut(course: Course, { folder, beside, path }: { folder: string; beside: string; path: string }): Promise<void> {
  for (const { path: inside, content, from, mode } of course.files) {
    const target = join(folder, 'files', inside);
    await mkdir(dirname(target), { recursive: true });
    if (content !== undefined) await writeFile(target, content);
    else await copyFile(resolve(beside, from ?? ''), target).catch((error: unknown) => missing(path, inside, error));
    await chmod(target, Number.parseInt(mode, 8));
  }
  const script = setupScript(course);
  if (script !== undefined) await writeFile(join(folder, 'setup.sh'), script);
}

function missing(path: string, inside: string, error: unknown): never {
  throw new LabError('Invalid', `${path}: the file for ${inside} could not be read: ${messageOf(error)}`, { cause: error });
}

/** Users first, for scripts may want them. Each script runs in a shell of its own, and ends the build where it fails. */
function setupScript({ users, scripts }: Course): string | undefined {
  const people = users.flatMap(({ name, passwordHash, groups, shell }) => [
    ...groups.map((group) => `getent group ${group} >/dev/null || groupadd ${group}`),
    `useradd --create-home --shell ${shell}${groups.length > 0 ? ` --groups ${groups.join(',')}` : ''} ${name}`,
    ...(passwordHash === undefined ? [] : [`usermod --password '${passwordHash}' ${name}`]),
  ]);
  const own = scripts.map((text) => `/bin/sh -eu -c '${text.replaceAll("'", String.raw`'\''`)}'`);
  const lines = [...people, ...own];
  return lines.length > 0 ? ['#!/bin/sh', 'set -eu', ...lines, ''].join('\n') : undefined;
}
