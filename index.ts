/** What a project imports from `unicloud-local`: the types of its configuration file. */
export type { StubBehaviour, UserConfig } from './runtime/config/options.ts'
export { defineConfig } from './runtime/config/options.ts'
