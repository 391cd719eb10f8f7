import { z } from 'zod';
import { EnvironmentName } from './shared-schema.ts';

/** The namespace of exams, and whose it is. */
export const EXAM_NAMESPACE = 'crownlabs-exam';
/** The Tenant that exams belong to: no person. */
export const EXAM_TENANT = 'service-tenant';

const ContentUrls = z.strictObject({
  origin: z.url().optional().describe('An archive that is unpacked before the first start.'),
  destination: z.url().optional().describe('Where the work is handed in to.'),
});

/** What a learning platform asks for: one environment of one candidate. What is ours to say, `phase` first, is passed over. */
export const ExamWish = z.strictObject({
  id: z.string().optional().describe('Name of the Instance, as in the path.'),
  template: z.string().min(1).describe('The template: its name in the workspace of exams, or workspace/name.'),
  running: z.boolean().default(true).describe('Whether it should run.'),
  candidate: z
    .string()
    .min(1)
    .optional()
    .describe('The login of whoever sits the exam, and may open it; managers of the workspace may anyway.'),
  statusCheckUrl: z.url().optional().describe('Asked whether the time is over: 404 ends the exam.'),
  contentUrls: z
    .union([ContentUrls, z.record(EnvironmentName, ContentUrls)])
    .optional()
    .describe('For the first environment, or by the names of environments.'),
  labels: z.record(z.string(), z.string()).optional().describe('Labels of the Instance, to find it by.'),
  phase: z.unknown().optional(),
  url: z.unknown().optional(),
  reason: z.unknown().optional(),
  message: z.unknown().optional(),
});
/** What a learning platform asks for. */
export type ExamWish = z.infer<typeof ExamWish>;
