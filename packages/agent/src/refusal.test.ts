import type { PodSpec } from 'kubernetes-types/core/v1.js';
import { expect, test } from 'vitest';
import { refusals, trusts } from './refusal.ts';

const main = { name: 'main', image: 'a:1' };
const refused = (spec: Partial<PodSpec>) =>
  refusals({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [main], ...spec } });

test('an ordinary pod asks for nothing that reaches the host', () => {
  const securityContext = {
    capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
    seccompProfile: { type: 'RuntimeDefault' as const },
  };
  expect(refused({ containers: [{ ...main, securityContext }], volumes: [{ name: 'v', emptyDir: {} }] })).toEqual([]);
});

test.each([
  [{ hostNetwork: true }, 'hostNetwork'],
  [{ hostPID: true }, 'hostPID'],
  [{ hostIPC: true }, 'hostIPC'],
  [{ volumes: [{ name: 'root', hostPath: { path: '/' } }] }, 'hostPath in volume root'],
  [{ securityContext: { sysctls: [{ name: 'kernel.x', value: '1' }] } }, 'sysctl kernel.x'],
  [{ securityContext: { seccompProfile: { type: 'Unconfined' } } }, 'seccompProfile Unconfined'],
  [{ containers: [{ ...main, securityContext: { privileged: true } }] }, 'privileged in container main'],
  [
    { containers: [{ ...main, securityContext: { capabilities: { add: ['CAP_SYS_ADMIN'] } } }] },
    'capability CAP_SYS_ADMIN in container main',
  ],
  [{ containers: [{ ...main, securityContext: { procMount: 'Unmasked' } }] }, 'procMount Unmasked in container main'],
  [{ containers: [{ ...main, volumeDevices: [{ name: 'd', devicePath: '/dev/sda' }] }] }, 'device /dev/sda in container main'],
  [{ initContainers: [{ ...main, name: 'first', ports: [{ containerPort: 80, hostPort: 80 }] }] }, 'host port 80 in container first'],
])('%j is refused', (spec, reason) => {
  expect(refused(spec)).toEqual([reason]);
});

test('only the label that masters set makes a namespace trusted', () => {
  expect(trusts({ 'pod-security.kubernetes.io/enforce': 'privileged' })).toBe(true);
  expect(trusts({ 'pod-security.kubernetes.io/enforce': 'baseline' })).toBe(false);
  expect(trusts(undefined)).toBe(false);
});
