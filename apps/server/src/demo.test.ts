import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namespaces } from '@crownlabs/client';
import { createAccounts, IDENTITY_NAMESPACE } from '@crownlabs/identity';
import { systemClock } from '@crownlabs/std';
import { startTestLab } from '@crownlabs/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { createDemo } from './demo.ts';
import { forgetSignIns } from './demo-sign-ins.ts';

test('the sign-ins of the demo are said at every start until somebody was shown them, and never again', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'crownlabs-demo-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  await using lab = await startTestLab();
  await lab.admin.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: IDENTITY_NAMESPACE } });
  const accounts = createAccounts(lab.admin, systemClock);
  const first = await createDemo(lab.admin, accounts, { dataDir, virtualMachines: true });
  // That start failed before anybody was told.
  expect(await createDemo(lab.admin, accounts, { dataDir, virtualMachines: true })).toEqual(first);
  const [, password = ''] = /student +(\S+)$/.exec(first.at(-1) ?? '') ?? [];
  expect(await accounts.verify('student', password)).toBe(true);
  await forgetSignIns(dataDir);
  expect(await createDemo(lab.admin, accounts, { dataDir, virtualMachines: true })).toEqual([]);
});
