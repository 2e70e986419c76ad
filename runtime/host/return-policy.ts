/** What becomes of work that outlives the return of a call (spec/runtime.md §3, point 7). */
import type { SpaceOptions } from '../config/options.ts'
import type { FunctionEntry } from '../project/manifest.ts'
import type { ProviderProfile } from '../provider.ts'

/** Whether an idle instance of this function is really stopped. Only processes can be. */
export function freezes(options: SpaceOptions, profile: ProviderProfile, entry: FunctionEntry): boolean {
  if (options.returnPolicy !== 'provider' || options.isolation !== 'process') return false
  return (
    profile.afterReturn === 'freeze' || (profile.name === 'tencent' && !entry.config.keepRunningAfterReturn)
  )
}

/** What is wrong with the options, if anything. */
export function returnPolicyProblem({ returnPolicy, isolation }: SpaceOptions): string | undefined {
  if (returnPolicy !== 'provider' || isolation === 'process') return undefined
  return `returnPolicy "provider" has no effect with isolation "${isolation}": only processes can be frozen`
}
