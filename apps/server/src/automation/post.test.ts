import { type Instance, instances, keepRound, templates, tenants, workspaces } from '@crownlabs/api';
import { createKeepTickets, createUseReports } from '@crownlabs/auth';
import { namespaces } from '@crownlabs/client';
import { smtpMailer } from '@crownlabs/mail';
import { silent } from '@crownlabs/std';
import {
  environment,
  eventually,
  instance,
  movingClock,
  startMailServer,
  startTestLab,
  template,
  tenant,
  workspace,
} from '@crownlabs/testkit';
import { expect, test } from 'vitest';
import { createPost } from './post.ts';

const NS = 'tenant-ada';
const HOUR = 3_600_000;
const tickets = createKeepTickets(Buffer.alloc(32, 5));

test('a warning arrives in the language of its owner, with a link that keeps the instance and is then void', async () => {
  await using server = await startMailServer();
  const clock = movingClock();
  const mailer = smtpMailer({ host: '127.0.0.1', port: server.port, security: 'none', from: 'CrownLabs <lab@example.org>' });
  const post = createPost({ mailer, publicURL: 'https://lab.example.org', language: 'en', timeZone: 'Europe/Rome', tickets, clock });
  await using lab = await startTestLab({ clock, post });
  const ada = tenant('ada', { net: 'user' });
  await lab.admin.create(workspaces, workspace('net'));
  await lab.admin.create(tenants, { ...ada, metadata: { ...ada.metadata, annotations: { 'lab.crownlabs.polito.it/language': 'it' } } });
  await eventually(() => Promise.all([lab.admin.get(namespaces, NS), lab.admin.get(namespaces, 'workspace-net')]));
  const disk = { persistent: true, resources: { cpu: 1, memory: '1G', disk: '1Gi', reservedCPUPercentage: 10 } };
  const of = template('net', 'desktop', [environment('desktop', disk)]);
  await lab.admin.create(templates, { ...of, spec: { ...of.spec, cleanup: { ...of.spec.cleanup, stopAfterInactivity: '1h' } } });
  await lab.admin.create(instances, instance('ada', 'mine', { workspace: 'net', template: 'desktop' }, { prettyName: 'Brave Comet' }));
  const mine = (): Promise<Instance> => lab.admin.get(instances, 'mine', NS);
  await eventually(async () => expect((await mine()).status?.phase).toBe('Ready'));
  await lab.settled();
  clock.pass(1.1 * HOUR);
  await lab.admin.patch(instances, 'mine', NS, { metadata: { annotations: { 'test/poke': '1' } } });
  await eventually(() => expect(server.mails).toHaveLength(1));
  await lab.settled();
  expect(server.mails[0]).toMatch(/^To: ada Tester <ada@example\.org>/m);
  expect(server.mails[0]).toContain('https://lab.example.org/keep/');
  const ticket = /\/keep\/([\w.-]+)/.exec(server.mails[0] ?? '')?.[1] ?? '';
  const grant = tickets.open(ticket);
  expect(grant).toMatchObject({ purpose: 'running', name: 'mine', tenant: 'ada', round: keepRound(await mine(), 'running') });
  await createUseReports({ client: lab.room('gateway'), clock, log: silent }).keep(await mine());
  await eventually(async () => expect(keepRound(await mine(), 'running')).not.toBe(grant?.round));
  await lab.settled();
  expect((await mine()).metadata.annotations?.['crownlabs.polito.it/number-alerts-sent']).toBe('0');
  expect((await mine()).spec.running).toBe(true);
});

test('the gateway may report use and nothing else: no lease elsewhere, no instance', async () => {
  await using lab = await startTestLab();
  const gateway = lab.room('gateway');
  const lease = (namespace: string) =>
    gateway.raw('POST', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'mine' },
    });
  await expect(lease('crownlabs-activity')).resolves.toBeDefined();
  await expect(lease('crownlabs-system')).rejects.toMatchObject({ code: 'Forbidden' });
  await expect(gateway.patch(instances, 'mine', NS, { spec: { running: false } })).rejects.toMatchObject({ code: 'Forbidden' });
});
