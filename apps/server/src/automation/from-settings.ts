import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createKeepTickets } from '@crownlabs/auth';
import { type Mailer, type SmtpConfig, smtpMailer } from '@crownlabs/mail';
import type { AutomationConfig, Post } from '@crownlabs/operators';
import { type Clock, LabError, messageOf } from '@crownlabs/std';
import { durationMs } from '../config.ts';
import { createPost } from './post.ts';
import type { AutomationSettings, MailSettings } from './settings.ts';

/** When the operators act by themselves, as the settings say. Throws Invalid where a file that they name cannot be read. */
export function automationConfig(settings: AutomationSettings): AutomationConfig {
  const { prometheus } = settings;
  const token = prometheus?.tokenFile === undefined ? undefined : readFileSync(prometheus.tokenFile, 'utf8').trim();
  return {
    warnings: settings.warnings,
    inactivityIntervalMs: durationMs(settings.inactivityInterval),
    destructionIntervalMs: durationMs(settings.destructionInterval),
    expirationIntervalMs: durationMs(settings.expirationInterval),
    statusCheckIntervalMs: durationMs(settings.statusCheckInterval),
    statusCheckTimeoutMs: durationMs(settings.statusCheckTimeout),
    reachable: settings.reachable,
    ...(prometheus ? { prometheus: { url: prometheus.url, ...(token === undefined ? {} : { token }) } } : {}),
  };
}

/** A mailer as the settings say; secrets are read from their files now. */
export async function mailerFrom(settings: MailSettings): Promise<Mailer> {
  const { host, port, security, from, user, identity } = settings;
  const [password, ca] = await Promise.all([named('mail.passwordFile', settings.passwordFile), named('mail.caFile', settings.caFile)]);
  const config: SmtpConfig = {
    host,
    port,
    security,
    from,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password: password.trim() }),
    ...(identity === undefined ? {} : { identity }),
    ...(ca === undefined ? {} : { ca }),
  };
  return smtpMailer(config);
}

/** The post as the settings say: nothing where mail is off. `linkKey` signs links to keep instances; without there are none. */
export async function postFrom(
  settings: MailSettings | undefined,
  { publicURL, linkKey, clock }: { publicURL: string; linkKey: string | undefined; clock: Clock },
): Promise<Partial<{ post: Post }>> {
  if (!settings) return {};
  const keyFile = settings.linkKeyFile ?? linkKey;
  const key = keyFile === undefined ? undefined : await readFile(keyFile).catch(unreadable('mail.linkKeyFile'));
  const tickets = key && createKeepTickets(key);
  const { language, timeZone } = settings;
  return { post: createPost({ mailer: await mailerFrom(settings), publicURL, language, timeZone, tickets, clock }) };
}

async function named(key: string, path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : readFile(path, 'utf8').catch(unreadable(key));
}

function unreadable(key: string): (error: unknown) => never {
  return (error) => {
    throw new LabError('Invalid', `${key}: the file cannot be read: ${messageOf(error)}`, { cause: error });
  };
}
