/**
 * Machines, measured: `node bench/vm.ts [PART…]`, where the parts are
 *   boot     from the wish for a machine to the first word of its guest, beside the bare emulator with the same image and the same words, in one run;
 *            until it sleeps, and until it has woken
 *   instant  from the wish for an Instance whose template asks for an instant start to the first picture of its screen
 *   crowd    how soon the API answers while five of thirty machines run, and says so of one that is killed
 * All of them, unless some are named. `--kubeconfig FILE` measures an installation that runs (`crownlabs kubeconfig`); without, one is started for
 * it and removed. Needs Podman, and QEMU on this machine for `boot`. Nothing else should run: where a processor runs no guests itself, all of it is
 * used.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Installation } from '../e2e/installation.ts';
import { measureBoots } from './vm/boot.ts';
import { measureCrowd } from './vm/crowd.ts';
import { measureInstant } from './vm/instant.ts';
import { measured } from './vm/lab.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kubeconfig: { type: 'string' },
    image: { type: 'string', multiple: true },
    word: { type: 'string', default: 'login:' },
    rounds: { type: 'string', default: '2' },
  },
});
const { word, image: images = ['crownlabs/vm-server:1', 'crownlabs/vm-desktop:1'] } = values;
const rounds = Number(values.rounds);
const [image = ''] = images;
const wants = (part: string) => positionals.length === 0 || positionals.includes(part);

const place = await mkdtemp(join(tmpdir(), 'crownlabs-bench-vm-'));
const own = values.kubeconfig === undefined ? await Installation.start() : undefined;
try {
  const lab = await measured(values.kubeconfig ?? own?.kubeconfig ?? '');
  if (wants('boot')) await measureBoots(lab, { image, word, rounds, place });
  if (wants('instant')) await measureInstant(lab, images, rounds);
  if (wants('crowd')) await measureCrowd(lab, image);
} finally {
  await own?.[Symbol.asyncDispose]();
  await rm(place, { recursive: true, force: true });
}
