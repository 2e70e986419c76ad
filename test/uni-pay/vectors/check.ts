import type { FakeClient } from '../fake-client.ts'
import type { Vector } from '../material.ts'

/** What a vector says about the module; `client` is there for the parts that ask the platform. */
export type Check = (vector: Vector, client: FakeClient) => void | Promise<void>
