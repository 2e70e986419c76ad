/** How a WeChat refund goes on after it was accepted: in processing for a while, and then what a test wants. */
import { DAY_MS } from '../core/beijing-time.ts'
import type { Call } from '../core/call.ts'
import type { NewRefund } from '../core/ledger.ts'
import type { PlatformParts } from '../core/platform.ts'
import { Refusal } from '../core/refusal.ts'

/** Until somebody settles it by hand. */
const FOREVER = 10 * 365 * DAY_MS

/** @throws Refusal noBalance when a fault wants it */
export function refundCourse(
  { settings }: Pick<PlatformParts, 'settings'>,
  call: Call,
): Pick<NewRefund, 'settleAfter' | 'settleAs'> {
  const settleAfter = settings.values.refundDelayMs
  const fault = call.fault('refund.processing', 'refund.abnormal', 'refund.closed', 'refund.notEnough')
  switch (fault?.fault) {
    case 'refund.notEnough':
      throw new Refusal('noBalance', 'the merchant has too little money')
    case 'refund.processing':
      return { settleAfter: FOREVER }
    case 'refund.abnormal':
      return { settleAfter, settleAs: 'ABNORMAL' }
    case 'refund.closed':
      return { settleAfter, settleAs: 'CLOSED' }
    default:
      return { settleAfter }
  }
}
