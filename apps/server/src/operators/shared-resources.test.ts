import { expect, test } from 'vitest';
import { operatorsConfig, parseOperators } from './settings.ts';

const given = `
sharedVolumes: { storageClassName: rook-nfs }
publicExposure: { addresses: [203.0.113.8/29] }
imageLists:
  interval: 5m
  registries:
    - { name: harbor, type: harbor, url: https://harbor.example.org, registryName: harbor.example.org, imageListName: lab, project: lab, secretRef: { name: robot } }
snapshots:
  registry: { repository: harbor.example.org/vms, exporterImage: exporter:1, builderImage: kaniko:1 }
`;

test('volumes, addresses, registries and snapshots reach the operators as they were written', () => {
  const config = operatorsConfig(parseOperators(given, {}));
  expect(config.sharedVolumes).toEqual({ storageClassName: 'rook-nfs', provisionerImage: 'busybox:1.36' });
  expect(config.publicExposure).toMatchObject({
    addresses: ['203.0.113.8/29'],
    annotations: { 'metallb.universe.tf/allow-shared-ip': 'pe' },
    lowestAutomaticPort: 49_152,
  });
  expect(config.imageLists).toMatchObject({ intervalMs: 300_000, registries: [{ type: 'harbor', secretRef: { name: 'robot' } }] });
  expect(config.snapshots.registry?.pushSecret).toBe('registry-credentials');
});

test('without a word there are no public addresses and no registries', () => {
  const config = operatorsConfig(parseOperators('', {}));
  expect(config.publicExposure).toBeUndefined();
  expect(config.imageLists.registries).toEqual([]);
  expect(config.snapshots).toEqual({});
});

test('a pool without addresses is a mistake', () => {
  expect(() => parseOperators('publicExposure: { addresses: [] }', {})).toThrow('addresses');
});
