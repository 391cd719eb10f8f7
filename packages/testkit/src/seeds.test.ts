import { instances, templates, tenants, workspaces } from '@crownlabs/api';
import { type Applied, type KubeObject, namespaces, type Resource } from '@crownlabs/client';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { eventually } from './eventually.ts';
import { startTestLab } from './test-lab.ts';

// What the slides on building and operating the service show, field by field.
const TENANT = `
apiVersion: crownlabs.polito.it/v1alpha2
kind: Tenant
metadata:
  name: marco.iorio
spec:
  firstName: Marco
  lastName: Iorio
  email: marco.iorio@polito.it
  workspaces:
    - name: netgroup
      role: manager
  publicKeys:
    - ssh-rsa AAAAB3NzaC1yc2E...
`;
const WORKSPACE = `
apiVersion: crownlabs.polito.it/v1alpha1
kind: Workspace
metadata:
  name: netgroup
spec:
  prettyName: Netgroup Official Workspace
  quota:
    cpu: 10
    memory: 20G
    instances: 3
`;
const TEMPLATE = `
apiVersion: crownlabs.polito.it/v1alpha2
kind: Template
metadata:
  name: netgroup-ubuntu-vanilla
  namespace: workspace-netgroup
spec:
  prettyName: Ubuntu Desktop Vanilla (20.04)
  workspace.crownlabs.polito.it/WorkspaceRef:
    name: netgroup
  environmentList:
    - name: ubuntu-desktop-vanilla
      image: registry.internal.crownlabs.polito.it/netgroup/netlab:20200511
      environmentType: VirtualMachine
      persistent: false
      guiEnabled: true
      resources:
        cpu: 2
        memory: 2G
        reservedCPUPercentage: 25
`;
const INSTANCE = `
apiVersion: crownlabs.polito.it/v1alpha2
kind: Instance
metadata:
  name: instance-p85f4
  namespace: tenant-marco-iorio
spec:
  template.crownlabs.polito.it/TemplateRef:
    name: netgroup-ubuntu-vanilla
    namespace: workspace-netgroup
  tenant.crownlabs.polito.it/TenantRef:
    name: marco.iorio
`;

test('the four objects of the slides apply unchanged, and the machine says that it cannot start here yet', async () => {
  await using lab = await startTestLab();
  const apply = <T extends KubeObject>(resource: Resource<T>, text: string) => lab.admin.apply(resource, parse(text) as Applied<T>);
  await apply(workspaces, WORKSPACE);
  await apply(tenants, TENANT);
  await eventually(() => lab.admin.get(namespaces, 'workspace-netgroup'));
  const template = await apply(templates, TEMPLATE);
  expect(template.spec.environmentList[0]).toMatchObject({ mountMyDriveVolume: true, rewriteURL: false });
  expect(template.spec.cleanup).toEqual({ deleteAfterCreation: 'never', stopAfterInactivity: 'never', deleteAfterInactivity: 'never' });
  await eventually(() => lab.admin.get(namespaces, 'tenant-marco-iorio'));
  await apply(instances, INSTANCE);
  await eventually(async () => {
    const { status } = await lab.admin.get(instances, 'instance-p85f4', 'tenant-marco-iorio');
    expect(status?.phase).toBe('Failed');
    expect(status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ reason: 'VirtualMachinesNotInstalled' });
  });
  // A second apply of the same text changes nothing.
  const before = await lab.admin.get(instances, 'instance-p85f4', 'tenant-marco-iorio');
  expect((await apply(instances, INSTANCE)).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
});
