import { createHash } from 'node:crypto';
import { LabError, messageOf } from '@crownlabs/std';

/** A mail server that takes mail from us. */
export interface SmtpConfig {
  readonly host: string;
  readonly port: number;
  /** `tls` from the first byte, `starttls` or nothing, or `none`, which is for a server on this machine. */
  readonly security: 'tls' | 'starttls' | 'none';
  readonly user?: string;
  readonly password?: string;
  /** `Name <address>`. */
  readonly from: string;
  /** The name that we greet the server with. */
  readonly identity?: string;
  /** Certificates to trust beside those of the system, as PEM. */
  readonly ca?: string;
}

/** One mail to one person. */
export interface MailMessage {
  /** The same for the same mail, however often it is tried: its Message-ID is made of it, and mail programs show one of two. */
  readonly id: string;
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly language: string;
}

/** Sends mails. */
export interface Mailer extends Disposable {
  /** `refused`: the server will never take it. Throws ServiceUnavailable when another try may help. */
  send(message: MailMessage, signal: AbortSignal): Promise<'delivered' | 'refused'>;
  /** Signs in to the server and leaves again. Throws ServiceUnavailable. */
  check(): Promise<void>;
}

const PATIENCE_MS = 20_000;

/** A Mailer over SMTP. */
export function smtpMailer(config: SmtpConfig): Mailer {
  const { host, from } = config;
  let opened: ReturnType<typeof openTransport> | undefined;
  const transport = () => {
    opened ??= openTransport(config);
    return opened;
  };
  return {
    async send(message, signal) {
      signal.throwIfAborted();
      try {
        await (await transport()).sendMail({
          from,
          to: message.to,
          subject: message.subject,
          text: message.text,
          html: message.html,
          messageId: messageId(message.id, from),
          // So that holiday notices do not answer (RFC 3834).
          headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': message.language },
        });
        return 'delivered';
      } catch (error) {
        if (isFinal(error)) return 'refused';
        throw new LabError('ServiceUnavailable', `The mail server ${host} did not take a mail: ${messageOf(error)}`, { cause: error });
      }
    },
    async check() {
      try {
        await (await transport()).verify();
      } catch (error) {
        throw new LabError('ServiceUnavailable', `The mail server ${host} does not let us in: ${messageOf(error)}`, { cause: error });
      }
    },
    [Symbol.dispose]: () => void opened?.then((one) => one.close()),
  };
}

/** The library is loaded with the first mail: most installations never send one. */
async function openTransport({ host, port, security, user, password, identity, ca }: SmtpConfig) {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    ...(identity === undefined ? {} : { name: identity }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
    // Nothing in a mail comes from a file or an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function messageId(id: string, from: string): string {
  const domain = /@([^\s<>@]+)/.exec(from)?.[1] ?? 'crownlabs';
  return `<${createHash('sha256').update(id).digest('hex').slice(0, 40)}@${domain}>`;
}

/** Whether the server refused this person or this mail for good. What it says of us (sender, password) may be mended, and is tried again. */
function isFinal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, command, responseCode } = error as { code?: unknown; command?: unknown; responseCode?: unknown };
  const forGood = typeof responseCode === 'number' && responseCode >= 500;
  return forGood && ((code === 'EENVELOPE' && command === 'RCPT TO') || (code === 'EMESSAGE' && command === 'DATA'));
}
