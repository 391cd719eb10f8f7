import { expect, test } from 'vitest';
import { runtimeContract } from './contract.ts';
import { shell } from './fake-process.ts';
import { fakeRuntime } from './fake-runtime.ts';

const commands = {
  idle: ['sleep'],
  say: (text: string, code: number) => ['say', text, String(code)],
  complain: (text: string, code: number) => ['complain', text, String(code)],
  serve: (port: number, text: string) => ['serve', String(port), text],
  whoami: ['whoami'],
  getenv: (name: string) => ['getenv', name],
  cat: ['cat'],
};

for (const { name, run } of runtimeContract) {
  test(`fake runtime: ${name}`, async () => {
    const world = { runtime: fakeRuntime({ images: ['localhost/shell:1'], program: () => shell }), image: 'localhost/shell:1', commands };
    await expect(run(world)).resolves.toBeUndefined();
  });
}

test('a short image name finds the local image', async () => {
  const { images } = fakeRuntime({ images: ['localhost/crownlabs/desktop:1'] });
  expect((await images.find('crownlabs/desktop:1'))?.references).toEqual(['localhost/crownlabs/desktop:1']);
});
