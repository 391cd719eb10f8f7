import { z } from 'zod';

const SPAN = 'a number and a unit is needed, such as 30s, 10m, 1h or 7d';
const duration = z.string(SPAN).regex(/^(\d+(\.\d+)?)(ms|s|m|h|d)$/, SPAN);

/** The mail server, and how mails are written. */
export const MailSettings = z.strictObject({
  host: z.string().describe('The mail server.'),
  port: z.int().min(1).max(65535).default(587).describe('Its port: 587 for starttls, 465 for tls.'),
  security: z
    .enum(['starttls', 'tls', 'none'])
    .default('starttls')
    .describe('How the connection is encrypted. none is for a server on this machine.'),
  user: z.string().optional().describe('Whom we sign in as; nobody if absent.'),
  passwordFile: z.string().optional().describe('File with the password.'),
  from: z.string().describe('Whom mails are from: CrownLabs <lab@example.org>.'),
  identity: z.string().optional().describe('The name that we greet the server with; the name of this machine if absent.'),
  caFile: z.string().optional().describe('PEM of the authority of the server, when the machine does not know it.'),
  language: z.enum(['en', 'it']).default('en').describe('The language of mails to people who have chosen none.'),
  timeZone: z.string().optional().describe('The zone in which mails tell times, such as Europe/Rome; that of this machine if absent.'),
  linkKeyFile: z
    .string()
    .optional()
    .describe('The session key of the gateway, with which links to keep an instance are signed. On a single machine it is known.'),
});
export type MailSettings = z.infer<typeof MailSettings>;

/** When the lab acts by itself. Whether it does at all is in the templates. */
export const AutomationSettings = z.strictObject({
  warnings: z
    .int()
    .min(0)
    .max(100)
    .default(3)
    .describe('Mails before an unused instance is stopped or deleted; a template may say otherwise.'),
  inactivityInterval: duration
    .default('24h')
    .describe('Between two warnings that a running instance is not used, and before it is stopped.'),
  destructionInterval: duration.default('24h').describe('The same before a stopped instance is deleted.'),
  expirationInterval: duration.default('24h').describe('Between the warning that an instance expires and its deletion.'),
  statusCheckInterval: duration.default('2m').describe('How often the end of an exam is asked for.'),
  statusCheckTimeout: duration.default('3s').describe('How long the answer may take.'),
  reachable: z
    .array(z.string())
    .default([])
    .describe('Hosts, .domains and networks that people may have asked (exams, handing in) although they are not public.'),
  prometheus: z
    .strictObject({
      url: z.url().describe('Address of a Prometheus that sees activity which the doors do not.'),
      tokenFile: z.string().optional().describe('File with a bearer token for it.'),
    })
    .optional()
    .describe('Another source of activity beside the doors.'),
});
export type AutomationSettings = z.infer<typeof AutomationSettings>;
