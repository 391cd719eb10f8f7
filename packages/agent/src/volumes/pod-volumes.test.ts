import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeClient, KubeObject, Resource } from '@crownlabs/client';
import { LabError } from '@crownlabs/std';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Pod } from '../pod.ts';
import type { ContentContext } from './content.ts';
import { PodVolumes } from './pod-volumes.ts';

let root = '';
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'crownlabs-pod-volumes-'))));
afterEach(() => rm(root, { recursive: true, force: true }));

const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'tenant-ada' },
  spec: { volumeName: 'v' },
  status: { phase: 'Bound' },
};
const volume = (csi: object, namespace = 'tenant-ada') => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'v' },
  spec: { csi: { driver: 'local.crownlabs.polito.it', volumeHandle: 'pvc-1', ...csi }, claimRef: { name: 'data', namespace } },
});
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'tenant-ada', uid: 'u' },
  spec: {
    containers: [{ name: 'c' }],
    securityContext: { runAsUser: process.getuid?.() ?? 0, fsGroup: process.getgid?.() ?? 0 },
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
  },
};

/** Answers reads with what there is; nothing else is asked of it. */
function reader(objects: readonly KubeObject[]): Pick<KubeClient, 'find' | 'get'> {
  const of = <T extends KubeObject>({ kind }: Resource<T>) => objects.find((it) => it.kind === kind) as T | undefined;
  return {
    find: async (resource) => of(resource),
    get: async (resource) => {
      const found = of(resource);
      if (!found) throw new LabError('NotFound', 'not there');
      return found;
    },
  };
}

async function mounted(seen: KubeObject): Promise<unknown> {
  const volumes = new PodVolumes(reader([claim, seen]) as KubeClient, { data: root, memory: root }, { path: async () => '' });
  await volumes.prepare(pod, {} as ContentContext, new AbortController().signal);
  return volumes.mounts([{ name: 'data', mountPath: '/data' }], new Map())[0];
}

test('a volume that may only be read is mounted so, whatever the pod asks for', async () => {
  const source = join(root, 'volumes', 'pvc-1');
  expect(await mounted(volume({ readOnly: true }))).toEqual({ kind: 'bind', source, target: '/data', readOnly: true });
  expect(await mounted(volume({}))).toEqual({ kind: 'bind', source, target: '/data', readOnly: false });
});

test('a volume that is for a claim of another namespace is not mounted', async () => {
  await expect(mounted(volume({}, 'tenant-bob'))).rejects.toMatchObject({ code: 'Forbidden' });
});

test('no handle leads out of the place where volumes are', async () => {
  expect(await mounted(volume({ volumeHandle: '../../etc' }))).toMatchObject({ source: join(root, 'volumes', '_.._.._etc') });
});

test('which image a container has mounted is said by its digest, because names move on', async () => {
  const path = join(root, 'image-volumes', 'abc');
  const volumes = new PodVolumes(reader([]) as KubeClient, { data: root, memory: root }, { path: async () => path });
  const image = Object.assign({ name: 'base' }, { image: { reference: 'crownlabs/vm-server:1' } });
  const withImage = { ...pod, spec: { containers: [{ name: 'c' }], volumes: [image] } };
  await volumes.prepare(withImage, {} as ContentContext, new AbortController().signal);
  expect(
    volumes.imageMounts([
      { name: 'base', mountPath: '/bases/root' },
      { name: 'unknown', mountPath: '/x' },
    ]),
  ).toEqual([{ name: 'base', mountPath: '/bases/root', readOnly: true, volumeStatus: { image: { imageRef: 'sha256:abc' } } }]);
});
