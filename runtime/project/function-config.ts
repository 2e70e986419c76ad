/**
 * `cloudfunction-config` of a function's package.json: checked member by member, the provider's defaults and limits
 * applied (spec/runtime.md §1.5, spec/http.md §1, spec/triggers.md §1). HBuilderX ignores the block in local runs;
 * here it counts, because we stand in for the cloud.
 */
import type { ProviderProfile } from '../provider.ts'
import { type FieldReport, isObject } from './field-report.ts'
import type { FunctionConfig, TriggerConfig } from './manifest.ts'

/** The configuration of a function that says nothing about it. */
export function defaultConfig(profile: ProviderProfile): FunctionConfig {
  return {
    timeout: 5,
    timingTimeout: 5,
    memorySize: profile.defaultMemoryMB,
    concurrency: 1,
    path: '',
    triggers: [],
    keepRunningAfterReturn: true,
  }
}

/**
 * @param value the member of package.json; what is wrong with it goes to `report` and keeps its default
 */
export function readFunctionConfig(
  value: unknown,
  report: FieldReport,
  profile: ProviderProfile,
): FunctionConfig {
  const config = defaultConfig(profile)
  if (value === undefined) return config
  if (!isObject(value)) {
    report.wrong([block], value, 'an object such as {"timeout": 10}')
    return config
  }
  report.unknownKeys([block], value, Object.keys(readers))
  for (const [key, read] of Object.entries(readers)) {
    if (value[key] !== undefined) read({ value: value[key], config, report, profile })
  }
  warnOfTimeout(value.timeout, config, report, profile)
  return config
}

// internals

const block = 'cloudfunction-config'
const memorySizes = [128, 256, 512, 1024, 2048]
const triggerName = /^[A-Za-z][A-Za-z0-9_-]{0,59}$/

/** Node.js versions by provider, as the documentation lists them. */
const runtimes: Record<string, readonly string[]> = {
  aliyun: ['Nodejs12', 'Nodejs14', 'Nodejs16', 'Nodejs18', 'Nodejs20'],
  tencent: ['Nodejs8', 'Nodejs12', 'Nodejs16', 'Nodejs18'],
  alipay: ['Nodejs16', 'Nodejs18'],
}
const everyRuntime = ['Nodejs8', 'Nodejs12', 'Nodejs14', 'Nodejs16', 'Nodejs18', 'Nodejs20']

interface Field {
  value: unknown
  config: FunctionConfig
  report: FieldReport
  profile: ProviderProfile
}

const readers: Record<string, (field: Field) => void> = {
  timeout({ value, config, report, profile }) {
    if (typeof value !== 'number' || !(value > 0)) {
      report.wrong(
        [block, 'timeout'],
        value,
        `a number of seconds above 0, up to ${profile.maxTimeoutSeconds}`,
      )
      return
    }
    config.timeout = Math.min(value, profile.maxTimeoutSeconds)
    config.timingTimeout = Math.min(value, profile.maxTimingTimeoutSeconds)
  },

  memorySize({ value, config, report }) {
    const largest = Math.max(...memorySizes)
    if (typeof value === 'number' && value > largest) {
      report.warn([block, 'memorySize'], `is ${value}, more than the maximum; ${largest} is used`)
      config.memorySize = largest
    } else if (typeof value === 'number' && memorySizes.includes(value)) config.memorySize = value
    else report.wrong([block, 'memorySize'], value, `${memorySizes.join(', ')} (MB)`)
  },

  concurrency({ value, config, report, profile }) {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
      report.wrong([block, 'concurrency'], value, 'an integer from 1 to 100')
      return
    }
    if (value > 100) report.warn([block, 'concurrency'], `is ${value}, more than the maximum; 100 is used`)
    if (value > 1 && !profile.concurrency)
      report.warn([block, 'concurrency'], `has no effect on ${profile.name}: one call per instance`)
    config.concurrency = profile.concurrency ? Math.min(value, 100) : 1
  },

  path({ value, config, report, profile }) {
    if (typeof value !== 'string') report.wrong([block, 'path'], value, 'a string starting with /')
    else config.path = readPath(value, report, profile)
  },

  triggers({ value, config, report, profile }) {
    if (!Array.isArray(value)) report.wrong([block, 'triggers'], value, 'an array with at most one trigger')
    else if (value.length > 1)
      report.wrong([block, 'triggers'], value, 'at most one trigger', 'split the work into two functions')
    else {
      for (const trigger of value) {
        const read = readTrigger(trigger, report, profile)
        if (read) config.triggers.push(read)
      }
    }
  },

  runtime({ value, config, report, profile }) {
    const allowed = runtimes[profile.name] ?? everyRuntime
    if (typeof value !== 'string' || !everyRuntime.includes(value))
      report.wrong([block, 'runtime'], value, allowed.join(', '))
    else {
      if (!allowed.includes(value))
        report.warn(
          [block, 'runtime'],
          `is ${value}, which ${profile.name} does not offer`,
          allowed.join(', '),
        )
      config.runtime = value
    }
  },

  keepRunningAfterReturn({ value, config, report }) {
    if (typeof value === 'boolean') config.keepRunningAfterReturn = value
    else report.wrong([block, 'keepRunningAfterReturn'], value, 'true or false')
  },
}

/** A function with a timer may well ask for the timers' longer limit; only what nothing can honour is worth a word. */
function warnOfTimeout(
  value: unknown,
  config: FunctionConfig,
  report: FieldReport,
  profile: ProviderProfile,
): void {
  if (typeof value !== 'number') return
  const timed = config.triggers.length > 0
  const limit = timed ? profile.maxTimingTimeoutSeconds : profile.maxTimeoutSeconds
  if (value > limit)
    report.warn([block, 'timeout'], `is ${value}, more than the maximum of ${profile.name}; ${limit} is used`)
}

function readPath(value: string, report: FieldReport, profile: ProviderProfile): string {
  if (value === '') return ''
  let path = value
  if (!path.startsWith('/')) {
    path = `/${path}`
    report.warn([block, 'path'], `does not start with /; ${path} is used`)
  }
  if (path === '/') {
    if (profile.name === 'tencent')
      report.warn([block, 'path'], 'is /, which tencent reserves in older spaces')
    return path
  }
  path = path.replace(/\/$/, '')
  if (path === '/_unicloud' || path.startsWith('/_unicloud/')) {
    report.wrong([block, 'path'], value, 'a path outside /_unicloud, which is this server’s own')
    return ''
  }
  return path
}

function readTrigger(
  value: unknown,
  report: FieldReport,
  profile: ProviderProfile,
): TriggerConfig | undefined {
  const at = [block, 'triggers', 0]
  // aliyun ignores name and type, so a slip in them must not stop a function that runs in the cloud.
  const lenient = profile.name === 'aliyun'
  const form = '{"name": "nightly", "type": "timer", "config": "0 0 3 * * * *"}'
  if (!isObject(value)) {
    report.wrong(at, value, form)
    return undefined
  }
  report.unknownKeys(at, value, ['name', 'type', 'config'])
  if (typeof value.config !== 'string') {
    report.wrong([...at, 'config'], value.config, 'a cron expression such as "0 0 3 * * * *"')
    return undefined
  }
  const complain = (key: string, allowed: string): void => {
    if (lenient) report.warn([...at, key], `should be ${allowed}; aliyun ignores it`)
    else report.wrong([...at, key], value[key], allowed)
  }
  const nameFits = typeof value.name === 'string' && triggerName.test(value.name)
  if (!nameFits) complain('name', 'a letter, then at most 59 letters, digits, _ or -')
  if (value.type !== 'timer') complain('type', '"timer"')
  return {
    name: typeof value.name === 'string' ? value.name : '',
    type: typeof value.type === 'string' ? value.type : 'timer',
    config: value.config,
  }
}
