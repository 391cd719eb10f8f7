import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { CHART } from './files-chart.ts';

test('helm installs, upgrades, rolls back and uninstalls a chart with a hook and a definition', { timeout: 120_000 }, async () => {
  await using cluster = await Cluster.start();
  for (const [name, text] of Object.entries(CHART)) {
    await mkdir(dirname(join(cluster.folder, name)), { recursive: true });
    await cluster.write(name, text);
  }
  expect(await cluster.follow('helm.script', 36)).toEqual([]);
});
