import { expect, test } from 'vitest';
import {
  cutName,
  driveMirrorName,
  driveName,
  environmentObjectName,
  environmentOrigin,
  instancePath,
  tenantNamespace,
} from './derived-names.ts';

test('the names of the slides come out as shown', () => {
  expect(tenantNamespace('marco.iorio')).toBe('tenant-marco-iorio');
  expect(environmentObjectName('instance-p85f4', 'ubuntu-desktop-vanilla')).toBe('instance-p85f4-ubuntu-desktop-vanilla');
  expect(driveName('marco.iorio')).toBe('marco-iorio-drive');
  expect(driveMirrorName('marco.iorio')).toBe('marco-iorio-drive-mirror');
  expect(instancePath('u1', 'desktop')).toBe('/instance/u1/desktop/');
  expect(environmentOrigin('1a2b3c4d-0000', 'desktop')).toBe('desktop-1a2b3c4d');
});

test('names too long for Kubernetes are cut, and two of them stay two', () => {
  const a = environmentObjectName('i'.repeat(60), 'desktop');
  const b = environmentObjectName('i'.repeat(60), 'jupyter');
  expect(a).toHaveLength(63);
  expect(a).not.toBe(b);
  expect(a).toBe(environmentObjectName('i'.repeat(60), 'desktop'));
  expect(cutName(`${'a'.repeat(53)}---------------`)).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
  expect(driveMirrorName('x'.repeat(80)).length).toBeLessThanOrEqual(63);
});
