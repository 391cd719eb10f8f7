import { instances, templates, tenants, workspaces } from '@crownlabs/api';
import { deployments, namespaces } from '@crownlabs/client';
import { environment, eventually, instance, startTestLab, template, tenant, workspace } from '@crownlabs/testkit';
import { expect, test } from 'vitest';
import { covers } from '../covers.ts';
import { signed, startedWith } from './applied.ts';
import { desiredDeployment } from './desired.ts';
import { driveMount } from './mounts.ts';

test('what the API makes of a wish still covers the wish, so that a look at what runs costs no call', async () => {
  await using lab = await startTestLab();
  await lab.admin.create(workspaces, workspace('net'));
  await lab.admin.create(tenants, tenant('ada', { net: 'user' }));
  await eventually(() => Promise.all([lab.admin.get(namespaces, 'tenant-ada'), lab.admin.get(namespaces, 'workspace-net')]));
  const resources = { cpu: '1500m', memory: '1.5Gi', reservedCPUPercentage: 33 };
  const web = environment('web', {
    environmentType: 'Standalone',
    resources,
    mountMyDriveVolume: true,
    containerStartupOptions: { enforceWorkdir: true },
  });
  await lab.admin.create(templates, template('net', 'lab', [web]));
  const made = await lab.admin.create(instances, instance('ada', 'mine', { workspace: 'net', template: 'lab' }));
  const there = await eventually(() => lab.admin.get(deployments, 'mine-web', 'tenant-ada'));
  const context = {
    contentToolsImage: lab.config.contentToolsImage,
    mounts: [driveMount('ada')],
    nodeSelector: undefined,
    name: 'mine-web',
  };
  const wish = signed(desiredDeployment(made, web, context));
  expect(startedWith(there, wish)).toBe(true);
  expect(covers(there, wish)).toBe(true);
  const edited = signed(desiredDeployment(made, { ...web, image: 'crownlabs/web:2' }, context));
  expect(startedWith(there, edited)).toBe(false);
});
