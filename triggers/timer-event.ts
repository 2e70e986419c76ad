/** What a timer hands to user code: `event` of a function, the parameter of `_timing` (spec/triggers.md §4). */
import type { CronProvider } from './cron.ts'

/** Times are UTC ISO without milliseconds, such as `2025-03-10T02:00:00Z`. */
export interface TimerEvent {
  /** The scheduled instant. */
  Time: string
  TriggerName: string
  Type: 'Timer'
}

/** On aliyun the configured name is not used, and the lower-case members are a legacy. */
export interface AliyunTimerEvent extends TimerEvent {
  triggerName: string
  /** When the run really started. */
  triggerTime: string
}

/**
 * @param name the trigger's configured name
 * @param scheduledAt the instant the cron expression matched
 * @param startedAt when the run starts
 */
export function timerEvent(
  provider: CronProvider,
  name: string,
  scheduledAt: Date,
  startedAt: Date,
): TimerEvent | AliyunTimerEvent {
  const Time = wholeSeconds(scheduledAt)
  if (provider !== 'aliyun') return { Time, TriggerName: name, Type: 'Timer' }
  return {
    triggerName: aliyunName,
    triggerTime: wholeSeconds(startedAt),
    Time,
    TriggerName: aliyunName,
    Type: 'Timer',
  }
}

// internals

const aliyunName = 'TIMER_LATEST'

function wholeSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}
