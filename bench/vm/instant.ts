import { instances, templates, tenants, workspaces } from '@crownlabs/api';
import { namespaces } from '@crownlabs/client';
import { environment, instance, template, tenant, workspace } from '@crownlabs/testkit';
import { RfbEye } from '../rfb-eye.ts';
import { BOOT_MS, HARDWARE, type Measured, median, pause, seconds, until } from './lab.ts';

const COURSE = 'bench-vm';
const OWNER = `tenant-${COURSE}`;
const TEMPLATES = `workspace-${COURSE}`;
/** A machine with a desktop boots, and lets its desktop come up, before it is kept. */
const PREPARED_MS = 600_000;

/** From the wish for an Instance whose template asks for an instant start to the first picture of its screen, and until it is Ready. */
export async function measureInstant({ client, streams }: Measured, images: readonly string[], rounds: number): Promise<void> {
  await client.create(workspaces, workspace(COURSE));
  await client.create(tenants, tenant(COURSE, { [COURSE]: 'user' }));
  try {
    await until(() => Promise.all([client.find(namespaces, OWNER), client.find(namespaces, TEMPLATES)]).then((all) => all.every(Boolean)));
    for (const image of images) await measureImage(image);
  } finally {
    await client.delete(tenants, COURSE).catch(() => undefined);
    await client.delete(workspaces, COURSE).catch(() => undefined);
  }

  async function measureImage(image: string): Promise<void> {
    const prepared = await prepare(image);
    const starts: Awaited<ReturnType<typeof start>>[] = [];
    for (let round = 0; round < rounds; round++) starts.push(await start(`quick-${round}`));
    await client.delete(templates, 'quick', TEMPLATES);
    await until(async () => (await client.find(templates, 'quick', TEMPLATES)) === undefined);
    const of = (what: 'frame' | 'ready') => median(starts.map((one) => one[what]));
    console.log(`Instant start of ${image}, ${rounds} rounds: wish for an Instance`);
    console.log(`  to the first picture of its machine  ${seconds(of('frame'))}   (budget 2 s)`);
    console.log(`  until it is Ready, a machine anew    ${seconds(of('ready'))}`);
    console.log(`  once before, until it is prepared    ${seconds(prepared)}`);
  }

  /** A template whose machines go on from a memory, prepared. Returns how long that took. */
  async function prepare(image: string): Promise<number> {
    const resources = { cpu: HARDWARE.cores, memory: `${HARDWARE.memory}Mi`, reservedCPUPercentage: 10 };
    const guiEnabled = image.includes('desktop');
    const quick = environment('machine', { environmentType: 'VirtualMachine', image, guiEnabled, instantStart: true, resources });
    const began = performance.now();
    await client.create(templates, template(COURSE, 'quick', [quick]));
    const isPrepared = async () => {
      const { status } = await client.get(templates, 'quick', TEMPLATES);
      return status?.conditions?.some(({ type, status: is }) => type === 'InstantStart' && is === 'True');
    };
    await until(isPrepared, 500, PREPARED_MS);
    return performance.now() - began;
  }

  async function start(name: string): Promise<{ frame: number; ready: number }> {
    const began = performance.now();
    await client.create(instances, instance(COURSE, name, { workspace: COURSE, template: 'quick' }));
    await firstPicture({ namespace: OWNER, name: `${name}-machine` });
    const frame = performance.now() - began;
    const { status } = await until(async () => {
      const found = await client.get(instances, name, OWNER);
      return found.status?.phase === 'Ready' && found;
    });
    const ready = performance.now() - began;
    const how = status?.conditions?.find(({ type }) => type === 'InstantStart');
    if (how?.status !== 'True') throw new Error(`the machine did not go on from what was prepared: ${how?.message}`);
    await client.delete(instances, name, OWNER);
    await until(async () => (await client.find(instances, name, OWNER)) === undefined, 100);
    return { frame, ready };
  }

  async function firstPicture(of: { namespace: string; name: string }): Promise<void> {
    const signal = AbortSignal.timeout(BOOT_MS);
    for (;;) {
      try {
        const eye = await RfbEye.over(await streams.open(of, 'vnc', signal));
        await eye.firstFrame();
        await eye.somethingShown();
        eye.close();
        return;
      } catch (error) {
        if (signal.aborted) throw error;
        await pause(10);
      }
    }
  }
}
