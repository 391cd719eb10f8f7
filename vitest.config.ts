import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/tests/**/*.test.ts', 'apps/{cli,server}/src/**/*.test.ts', 'tools/**/*.test.ts'],
    testTimeout: 15_000,
  },
});
