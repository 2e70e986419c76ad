/** The tests of queries, writes, transactions and the planner, and the semantic cases, on the other store. */
process.env.TEST_STORE = 'lmdb'

await import('./semantics.test.ts')
await import('./commands/catalog.test.ts')
await import('./commands/reads.test.ts')
await import('./commands/writes.test.ts')
await import('./commands/text.test.ts')
await import('./commands/planner.test.ts')
await import('./transactions/transactions.test.ts')
await import('./transactions/interleavings.test.ts')
