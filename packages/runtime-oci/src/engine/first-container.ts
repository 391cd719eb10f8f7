import { randomBytes } from 'node:crypto';
import { LabError } from '@crownlabs/std';
import { importTree } from '../image-import.ts';
import { PAUSE_IMAGE, pauseProgram, pauseTree } from '../pause-image.ts';
import { type Engine, engineCall, engineTry } from './engine.ts';

/** Makes sure that the sandbox image is there. */
export async function ensurePauseImage(engine: Engine): Promise<void> {
  const present = await engineTry('Looking for the sandbox image', engine.docker.getImage(PAUSE_IMAGE).inspect());
  if (present) return;
  const program = pauseProgram(process.arch);
  if (!program) throw new LabError('ServiceUnavailable', `CrownLabs has no sandbox program for this processor (${process.arch}).`);
  await importTree(engine.docker, pauseTree(program), { reference: PAUSE_IMAGE, config: { entrypoint: ['/pause'] } });
}

/** Starts and removes a container that does nothing: the only proof that this engine can start any. */
export async function startFirstContainer(engine: Engine): Promise<void> {
  await ensurePauseImage(engine);
  const container = await engineCall(
    'Creating a first container',
    engine.docker.createContainer({
      name: `crownlabs-probe-${randomBytes(4).toString('hex')}`,
      Image: PAUSE_IMAGE,
      Labels: { 'crownlabs.polito.it/role': 'probe' },
      HostConfig: { NetworkMode: 'none', CapDrop: ['ALL'], Ulimits: [...engine.ulimits], Memory: 32 << 20, NanoCpus: 5e8 },
    }),
  );
  try {
    await engineCall('Starting a first container', container.start());
  } finally {
    await engineTry('Removing the first container', container.remove({ force: true, v: true }));
  }
}
