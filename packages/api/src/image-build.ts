import { z } from 'zod';
import { AGE, type Kind, LAB_GROUP, type ServedAt, servedAt } from './kind.ts';
import type { LabObject } from './metadata.ts';
import { marked } from './schema-mark.ts';
import { commonStatus } from './shared-schema.ts';

/** What an ImageBuild should be. */
export const ImageBuildSpec = z.object({
  image: z.string().describe('The image that the recipe makes, as templates name it: crownlabs/desktop:1.'),
  recipe: z.string().describe('The recipe: the name of its folder.'),
  onDemand: z.boolean().optional().describe('Whether it is made when somebody first starts an environment of it, not before.'),
  minutes: marked(z.int().min(1).optional().describe('About how long making it takes, with two processors and a fast network.'), {
    format: 'int32',
  }),
});

/** Where a build is. */
export const ImageBuildStatus = z.object({
  phase: z
    .enum(['OnDemand', 'Pending', 'Building', 'Ready', 'Failed'])
    .optional()
    .describe('How far the build is; OnDemand: nobody has asked for it yet.'),
  step: z.string().optional().describe('What is being done now.'),
  percent: marked(z.int().min(0).max(100).optional().describe('How much of the work is done, as far as that can be told.'), {
    format: 'int32',
  }),
  message: z.string().optional().describe('Why it failed, and what to do.'),
  startedAt: z.iso.datetime().optional().describe('When the build began.'),
  finishedAt: z.iso.datetime().optional().describe('When the build ended, well or not.'),
  ...commonStatus,
});

/** An environment image that this installation builds from a recipe. */
export type ImageBuild = LabObject<z.infer<typeof ImageBuildSpec>, z.infer<typeof ImageBuildStatus>>;

/** The kind ImageBuild. */
export const imageBuildKind: Kind<typeof ImageBuildSpec, typeof ImageBuildStatus> = {
  group: LAB_GROUP,
  version: 'v1alpha1',
  kind: 'ImageBuild',
  plural: 'imagebuilds',
  shortNames: ['ibuild'],
  namespaced: false,
  description: 'An environment image that this installation builds from a recipe, and how far that has come.',
  spec: ImageBuildSpec,
  status: ImageBuildStatus,
  columns: [
    { name: 'Image', type: 'string', jsonPath: '.spec.image' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Step', type: 'string', jsonPath: '.status.step' },
    { name: 'Percent', type: 'integer', jsonPath: '.status.percent' },
    AGE,
  ],
};

/** Where ImageBuilds are served. */
export const imageBuilds: ServedAt<ImageBuild> = servedAt(imageBuildKind);

/** The image that carries the emulator: every machine of one installation is run, and its disk made, by it. */
export const LAUNCHER_IMAGE = 'crownlabs/vm-launcher:1';
