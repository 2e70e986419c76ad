import { fileURLToPath } from 'node:url'
import { defineConfig, mergeConfig } from 'vitest/config'
import shared from '../../vitest.config.ts'

/** `npm run test:slow`: tests that work with chance or with much, with more rounds than every change can wait for. */
export default mergeConfig(
  shared,
  defineConfig({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    test: {
      // Needs a server, so it is not named like the tests of every run: `MONGODB_URI=mongodb://… npm run test:oracle`.
      include: ['test/slow/oracle/against-server.ts'],
      env: {
        CRASH_ROUNDS: '200',
        PLANNER_ROUNDS: '600',
        TRANSACTION_ROUNDS: '600',
        STAT_ORDERS: '200000',
      },
      testTimeout: 30 * 60_000,
    },
  }),
)
