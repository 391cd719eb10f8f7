import { type SharedVolume, type Template, TemplateSpec, type Workspace } from '@crownlabs/api';
import { expect, test } from 'vitest';
import { isAllowedImage } from './allowed-images.ts';
import { imageFault } from './image-form.ts';
import { templateFaults } from './validation.ts';

test.each([
  ['CloudVM', 'https://cloud.example.org/debian.qcow2', true],
  ['CloudVM', `https://cloud.example.org/debian.qcow2#sha256:${'0a'.repeat(32)}`, true],
  ['CloudVM', 'https://cloud.example.org/debian.qcow2#sha256:0a', false],
  ['CloudVM', 'debian:12', false],
  ['CloudVM', 'file:///etc/passwd', false],
  ['LocalVM', 'workspace-net/golden', true],
  ['LocalVM', 'golden', false],
  ['LocalVM', 'a/b/c', false],
  ['VirtualMachine', 'registry.internal.example.org:5000/netgroup/netlab:20200511', true],
  ['VirtualMachine', 'https://cloud.example.org/debian.qcow2', false],
  ['Container', 'crownlabs/desktop:1', true],
  ['Standalone', 'ghcr.io/a/b@sha256:0123456789012345678901234567890123456789012345678901234567890123', true],
  ['Standalone', 'Has Blanks', false],
] as const)('the image of a %s may be %s: %s', (environmentType, image, fits) => {
  expect(imageFault({ environmentType, image }) === undefined).toBe(fits);
});

test.each([
  ['crownlabs/desktop:1', undefined, true],
  ['crownlabs/desktop:1', [], false],
  ['crownlabs/desktop:1', ['crownlabs/*'], true],
  ['evil/crownlabs/desktop:1', ['crownlabs/*'], false],
  ['ghcr.io/uni/lab:3', ['crownlabs/*', 'ghcr.io/uni/*:3'], true],
  ['ghcr.io/uni/lab:33', ['ghcr.io/uni/*:3'], false],
  ['ab', ['ab*b'], false],
] as const)('%s where %s is allowed: %s', (image, patterns, allowed) => {
  expect(isAllowedImage(image, patterns)).toBe(allowed);
});

const workspace: Workspace = {
  apiVersion: 'crownlabs.polito.it/v1alpha1',
  kind: 'Workspace',
  metadata: { name: 'net' },
  spec: { prettyName: 'Net', quota: { cpu: 4, memory: '8G', instances: 1 }, allowedImages: ['crownlabs/*'] },
};

function template(environment: object, spec: object = {}): Template {
  const base = {
    name: 'e',
    image: 'crownlabs/e:1',
    environmentType: 'Container',
    resources: { cpu: 1, memory: '1G', reservedCPUPercentage: 10 },
  };
  return {
    apiVersion: 'crownlabs.polito.it/v1alpha2',
    kind: 'Template',
    metadata: { name: 't', namespace: 'workspace-net' },
    spec: TemplateSpec.parse({ prettyName: 'T', environmentList: [{ ...base, ...environment }], ...spec }),
  };
}

const faults = (it: Template, volumes: string[] = []) =>
  // Whether it is there is all that is asked of a volume.
  templateFaults(it, { workspace, sharedVolume: (name) => (volumes.includes(name) ? ({} as SharedVolume) : undefined) });

test('a template without faults has none', () => {
  expect(faults(template({}))).toEqual([]);
});

test.each([
  [{ image: 'docker.io/miner' }, {}, 'is not allowed'],
  [{ resources: { cpu: 5, memory: '1G', reservedCPUPercentage: 10 } }, {}, 'Nobody can start it: quota exceeded: CPU (5 > 4)'],
  [{ sharedVolumeMounts: [{ sharedVolume: { name: 'v' }, mountPath: '/v', readOnly: true }] }, {}, 'no shared volume v'],
  [{ persistent: true }, {}, 'no size is given'],
  [{ environmentType: 'VirtualMachine', containerStartupOptions: {} }, {}, 'a machine ignores them'],
  [{}, { 'workspace.crownlabs.polito.it/WorkspaceRef': { name: 'other' } }, 'the namespace decides'],
  [{}, { environmentList: [] }, 'no environment'],
])('a fault is said: %o %o', (environment, spec, text) => {
  expect(faults(template(environment, spec)).join(' ')).toContain(text);
});

test('two volumes at one place are a fault, and volumes that are there are none', () => {
  const mount = { sharedVolume: { name: 'v' }, mountPath: '/media/mydrive', readOnly: true };
  expect(faults(template({ sharedVolumeMounts: [mount] }), ['v'])).toEqual(['Environment e: Two volumes want to be at /media/mydrive.']);
  const content = template({ containerStartupOptions: { contentPath: '/media/mydrive' } });
  expect(faults(content)).toEqual(['Environment e: Two volumes want to be at /media/mydrive.']);
});
