import { expect, it } from 'vitest'
import { timerEvent } from '../../triggers/timer-event.ts'

const scheduled = new Date('2025-03-10T02:00:00.000Z')
const started = new Date('2025-03-10T02:00:00.987Z')
const plain = { Time: '2025-03-10T02:00:00Z', TriggerName: 'nightly', Type: 'Timer' }

it.each([
  ['tencent', plain],
  ['alipay', plain],
  ['dcloud', plain],
  [
    'aliyun',
    {
      triggerName: 'TIMER_LATEST',
      triggerTime: '2025-03-10T02:00:01Z',
      Time: '2025-03-10T02:00:00Z',
      TriggerName: 'TIMER_LATEST',
      Type: 'Timer',
    },
  ],
] as const)('%s', (provider, expected) => {
  const start = provider === 'aliyun' ? new Date(started.getTime() + 500) : started
  expect(timerEvent(provider, 'nightly', scheduled, start)).toEqual(expected)
})
