import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { folderTags } from './folder-tags.ts';

const LONG = 'shared-volume-of-the-whole-course-';
const MOUNT = new URL('../../../../images/machine/files/usr/sbin/mount.virtiofs', import.meta.url).pathname;

/** What the guest's program would mount for a folder, where only 9P folders of those names are plugged in. */
function mounted(name: string, plugged: readonly string[]): string {
  const place = mkdtempSync(join(tmpdir(), 'crownlabs-tags-'));
  onTestFinished(() => rmSync(place, { recursive: true }));
  const mount = `#!/bin/sh\nfor tag in ${plugged.join(' ')}; do case " $* " in *" 9p "*" $tag "*) echo "$tag" >"${place}/mounted"; exit 0 ;; esac; done\nexit 1\n`;
  writeFileSync(join(place, 'mount'), mount, { mode: 0o755 });
  execFileSync('sh', [MOUNT, name, place, '-o', 'rw,_netdev,user'], { env: { PATH: `${place}:/usr/bin:/bin` } });
  return readFileSync(join(place, 'mounted'), 'utf8').trim();
}

test('folders whose long names begin alike have names of their own, and a guest finds each', () => {
  const names = ['drive', `${LONG}first`, `${LONG}second`];
  const tags = folderTags(names);
  expect(new Set(tags).size).toBe(3);
  expect(tags[0]).toBe('drive');
  for (const tag of tags) expect(tag.length).toBeLessThanOrEqual(31);
  expect(names.map((name) => mounted(name, tags))).toEqual(tags);
});

test('one long name is cut as before, and found by those who know no other way', () => {
  const [tag = ''] = folderTags([`${LONG}first`]);
  expect(tag).toBe(LONG.slice(0, 31));
  expect(mounted(`${LONG}first`, [tag])).toBe(tag);
});
