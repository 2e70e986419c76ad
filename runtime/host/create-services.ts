import type { HostServices } from './services.ts'
export function createServices(_space: unknown): HostServices {
  return {}
}
