import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tools/longest-first.ts';

// Some end-to-end files measure time, look at the network of the whole machine, or take both processors: nothing may run beside them.
const ALONE = ['e2e/first-light.test.ts', 'e2e/isolation.test.ts', 'e2e/virtual-machines.test.ts'];

// The whole product on two cores: patience where a container engine is asked.
const patient = {
  testTimeout: 180_000,
  // The very first one may have to build the images.
  hookTimeout: 1_200_000,
  expect: { poll: { timeout: 15_000, interval: 50 } },
};

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'packages/*/tests/**/*.test.ts',
            'apps/{cli,server,dashboard}/src/**/*.test.{ts,tsx}',
            'tools/**/*.test.ts',
          ],
          testTimeout: 20_000,
          // Reading the same hundreds of files for each test file cost more than most tests. What a test changes of the process it puts back.
          isolate: false,
          // Vitest leaves one core free, which of two is half of the machine.
          maxWorkers: availableParallelism(),
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: ALONE,
          // Each has an installation of its own and waits most of the time: for a browser, an engine, a start.
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
          ...patient,
        },
      },
      {
        test: {
          name: 'e2e alone',
          include: ALONE,
          sequence: { groupOrder: 2 },
          fileParallelism: false,
          ...patient,
        },
      },
    ],
  },
});
