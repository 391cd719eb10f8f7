import { LabError } from '@crownlabs/std';
import { z } from 'zod';
import { AutomationSettings, MailSettings } from './automation/settings.ts';
import { parseSettings } from './settings-text.ts';

const SPAN = 'a number and a unit is needed, such as 30s, 10m, 1h or 7d';
const duration = z.string(SPAN).regex(/^(\d+(\.\d+)?)(ms|s|m|h|d)$/, SPAN);

/** The configuration of an installation on one machine. Every key has its meaning beside it; unknown keys are errors. */
export const Config = z.strictObject({
  dataDir: z.string().describe('Where everything that must last is kept: objects, volumes, keys, sessions.'),
  publicURL: z
    .url()
    .optional()
    .describe('The one address people use. Default: http://localhost:<port>, reachable from this machine alone.'),
  port: z.int().min(1).max(65535).optional().describe('Port of the product. Default: the first free one from 8080, kept from then on.'),
  bind: z.string().default('127.0.0.1').describe('Address the product listens on. Anything but loopback needs an https publicURL.'),
  appsDomain: z.string().optional().describe('Web apps are served below this name, each on an origin of its own. Default: apps.localhost.'),
  apiPort: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe('Port of the Kubernetes API, on loopback. Default: the first free one from 6443, kept from then on.'),
  engineSocket: z.string().optional().describe('Socket of a Docker Engine API. Default: found by itself, or a Podman service of our own.'),
  demo: z.boolean().default(true).describe('Create the demo workspace, templates and users on the first start.'),
  keepStopped: duration.default('1h').describe('How long a stopped, non-persistent environment is kept in memory before its data is lost.'),
  allowInternet: z
    .boolean()
    .default(true)
    .describe('Whether environments may reach addresses outside this machine and its private networks.'),
  openNetworks: z
    .array(z.cidrv4('a network such as 10.1.0.0/16 is needed'))
    .default([])
    .describe(
      'Private networks that environments may reach and disk images may be fetched from: a licence server, a mirror on the campus.',
    ),
  imageRegistry: z.string().optional().describe('OCI registry asked for environment images before they are built here.'),
  virtualMachines: z
    .boolean()
    .default(true)
    .describe('Whether this machine runs virtual machines. Where it does not, their instances say that they are not installed.'),
  mail: MailSettings.optional().describe('The mail server that warnings go through. Absent: mail is off, and nobody is warned.'),
  automation: AutomationSettings.prefault({}).describe('When unused instances are stopped and deleted, and exams are asked about.'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('The least that is worth a line.'),
});
export type Config = z.infer<typeof Config>;

/** Parses a configuration file's text together with what flags and the environment override. Throws Invalid, naming every bad key. */
export function parseConfig(text: string, overrides: Readonly<Record<string, unknown>>): Config {
  return checked(parseSettings(Config, text, overrides));
}

function checked(config: Config): Config {
  const loopback = /^(127\.|localhost$|::1$)/.test(config.bind);
  if (!loopback && !config.publicURL?.startsWith('https:')) {
    throw new LabError(
      'Invalid',
      `bind: ${config.bind} is reachable from outside, and plain HTTP never leaves this machine. Set an https publicURL.`,
    );
  }
  return config;
}

/** Milliseconds of a duration such as `1h`. */
export function durationMs(text: string): number {
  const [, amount, unit] = /^([\d.]+)(ms|s|m|h|d)$/.exec(text) ?? [];
  const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  return Number(amount) * (units[unit ?? ''] ?? 0);
}
