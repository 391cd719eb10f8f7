import { z } from 'zod';
import { AGE, CROWNLABS_GROUP, type Kind, type ServedAt, servedAt } from './kind.ts';
import type { LabObject } from './metadata.ts';
import { commonStatus, namespaceState, WorkspaceQuota } from './shared-schema.ts';

/** What a Workspace should be. */
export const WorkspaceSpec = z.object({
  prettyName: z.string().describe('The name that people read.'),
  autoEnroll: z
    .enum(['', 'withApproval', 'immediate'])
    .optional()
    .describe('How people may join by themselves: not at all (empty), as candidates whom a manager accepts, or at once.'),
  quota: WorkspaceQuota,
  allowedImages: z
    .array(z.string())
    .optional()
    .describe('Images that templates of the workspace may use; * stands for anything. Absent means all images.'),
});
/** What a Workspace should be. */
export type WorkspaceSpec = z.infer<typeof WorkspaceSpec>;

/** What a Workspace is. */
export const WorkspaceStatus = z.object({
  namespace: namespaceState('The namespace of the workspace, where its templates are.').optional(),
  subscription: z
    .record(z.string(), z.enum(['Ok', 'Failed']))
    .optional()
    .describe('Services that know of this workspace, and whether that worked.'),
  ready: z.boolean().optional().describe('Whether everything that the workspace needs is there.'),
  ...commonStatus,
});
/** What a Workspace is. */
export type WorkspaceStatus = z.infer<typeof WorkspaceStatus>;

/** A course or group of people who share templates; its name is part of group names and namespaces. */
export type Workspace = LabObject<WorkspaceSpec, WorkspaceStatus>;

/** The kind Workspace. */
export const workspaceKind: Kind<typeof WorkspaceSpec, typeof WorkspaceStatus> = {
  group: CROWNLABS_GROUP,
  version: 'v1alpha1',
  kind: 'Workspace',
  plural: 'workspaces',
  shortNames: [],
  namespaced: false,
  description: 'A course or a group of people who share templates.',
  spec: WorkspaceSpec,
  status: WorkspaceStatus,
  columns: [
    { name: 'Pretty Name', type: 'string', jsonPath: '.spec.prettyName' },
    { name: 'Namespace', type: 'string', jsonPath: '.status.namespace.name' },
    { name: 'Ready', type: 'string', jsonPath: '.status.ready' },
    AGE,
  ],
};

/** Where Workspaces are served. */
export const workspaces: ServedAt<Workspace> = servedAt(workspaceKind);
