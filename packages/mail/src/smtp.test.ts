import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { expect, test } from 'vitest';
import { smtpMailer } from './smtp.ts';

const signal = new AbortController().signal;

/** A real mail server that keeps what it gets. */
async function mailServer(options: SMTPServerOptions = {}) {
  const mails: { from: string; to: string[]; content: string }[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          content: Buffer.concat(parts).toString('utf8'),
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return { port, mails, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

const message = {
  id: 'u1/inactivity-warning/1',
  to: { name: 'Ada Lovelace', address: 'ada@example.org' },
  subject: 'Brave Comet verrà spento',
  text: 'Ciao',
  html: '<p>Ciao</p>',
  language: 'it',
};
const config = (port: number) => ({ host: '127.0.0.1', port, security: 'none' as const, from: 'CrownLabs <lab@example.org>' });

test('a mail arrives as text and HTML, says that a machine wrote it, and has the same name at every try', async () => {
  await using server = await mailServer();
  using mailer = smtpMailer(config(server.port));
  expect(await mailer.send(message, signal)).toBe('delivered');
  expect(await mailer.send(message, signal)).toBe('delivered');
  expect(await mailer.send({ ...message, id: 'u1/inactivity-warning/2' }, signal)).toBe('delivered');
  const [first, again, next] = server.mails;
  expect(first).toMatchObject({ from: 'lab@example.org', to: ['ada@example.org'] });
  expect(first?.content).toMatch(/^From: CrownLabs <lab@example\.org>/m);
  expect(first?.content).toMatch(/^Auto-Submitted: auto-generated/m);
  expect(first?.content).toMatch(/^Content-Type: multipart\/alternative/m);
  expect(first?.content).toContain('text/plain');
  expect(first?.content).toContain('text/html');
  const name = (content = '') => /^Message-ID: (.*)$/im.exec(content)?.[1];
  expect(name(first?.content)).toMatch(/^<[0-9a-f]{40}@example\.org>/);
  expect(name(again?.content)).toBe(name(first?.content));
  expect(name(next?.content)).not.toBe(name(first?.content));
});

test('a person whom the server does not know is refused for good; a server that is busy is tried again', async () => {
  let code = 550;
  await using server = await mailServer({
    onRcptTo: (_address, _session, done) => done(Object.assign(new Error('no'), { responseCode: code })),
  });
  using mailer = smtpMailer(config(server.port));
  expect(await mailer.send(message, signal)).toBe('refused');
  code = 451;
  await expect(mailer.send(message, signal)).rejects.toMatchObject({ code: 'ServiceUnavailable' });
});

test('a server that is away, or that does not take our password or name, is tried again', async () => {
  await expect(smtpMailer(config(1)).send(message, signal)).rejects.toMatchObject({ code: 'ServiceUnavailable' });
  await using server = await mailServer({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'lab' && password === 'right' ? done(null, { user: 'lab' }) : done(new Error('wrong')),
  });
  using wrong = smtpMailer({ ...config(server.port), user: 'lab', password: 'wrong' });
  await expect(wrong.check()).rejects.toMatchObject({ code: 'ServiceUnavailable' });
  await expect(wrong.send(message, signal)).rejects.toMatchObject({ code: 'ServiceUnavailable' });
  using right = smtpMailer({ ...config(server.port), user: 'lab', password: 'right' });
  await right.check();
  expect(await right.send(message, signal)).toBe('delivered');
});

test('where encryption is asked for, nothing is sent without', async () => {
  await using server = await mailServer();
  using mailer = smtpMailer({ ...config(server.port), security: 'starttls' });
  await expect(mailer.send(message, signal)).rejects.toMatchObject({ code: 'ServiceUnavailable' });
  expect(server.mails).toEqual([]);
});
