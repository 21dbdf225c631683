import { defineConfig } from 'vitest/config';

// End-to-end tests mostly wait for blocks and deadlines: two files at a time, on two cores too. Other
// people's programs meet a chain that does not wait for them: one file at a time.
const workers = process.env['SUBNET_INTEROP'] === '1' ? 1 : 2;

// Time limits end what hangs; they measure nothing, and a busy machine may take ten times as long.
const patient = { testTimeout: 60_000, hookTimeout: 120_000 };

const setupFiles = ['./test/property-seed.ts'];

const pure = ['test/e2e/**', 'test/interop/**', 'test/repo/**', 'node_modules/**'];

export default defineConfig({
  test: {
    maxWorkers: workers,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: pure,
          pool: 'threads',
          setupFiles,
          ...patient,
        },
      },
      {
        test: {
          name: 'repo',
          include: ['test/repo/**/*.test.ts'],
          pool: 'forks',
          ...patient,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          pool: 'forks',
          setupFiles,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      ...(process.env['SUBNET_INTEROP'] === '1'
        ? [
            {
              test: {
                name: 'interop',
                include: ['test/interop/**/*.test.ts'],
                pool: 'forks' as const,
                testTimeout: 180_000,
                hookTimeout: 180_000,
              },
            },
          ]
        : []),
    ],
  },
});
