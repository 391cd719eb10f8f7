import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
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
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          // The whole product on two cores: one file at a time, when nothing else runs, and patience where a container engine is asked.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          // The very first one may have to build the images.
          hookTimeout: 1_200_000,
          expect: { poll: { timeout: 15_000, interval: 50 } },
        },
      },
    ],
  },
});
