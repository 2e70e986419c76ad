/** `GET /_unicloud/api/health`: that the space serves, and what. */
import type { ServerResponse } from 'node:http'
import { version } from '../../package-info.ts'
import type { Space } from '../../space-api.ts'
import { sendJson } from '../reply.ts'

/** Path of the request that scripts and containers repeat until the server is up. */
export const healthPath = '/_unicloud/api/health'

export function sendHealth(space: Space, res: ServerResponse): void {
  sendJson(res, 200, JSON.stringify(health(space)), ['cache-control', 'no-store'])
}

// internals

function health({ manifest, options, clock }: Space): object {
  const problems = Object.values(manifest.functions).flatMap((entry) => entry.problems)
  const errors = [...manifest.problems, ...problems].filter((problem) => problem.severity === 'error').length
  return {
    status: 'ok',
    version,
    provider: manifest.provider,
    spaceId: options.spaceId,
    project: manifest.root,
    functions: Object.keys(manifest.functions).length,
    errors,
    time: new Date(clock.now()).toISOString(),
  }
}
