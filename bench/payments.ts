/** Payments: how many notifications one instance of uni-pay-co takes, what one costs, and a whole payment. */
import { loadavg } from 'node:os'
import { cpuMicros, quantile } from './measure.ts'
import { type LoadResult, sendAtOnce, sendAtRate } from './payments/load.ts'
import { paymentNotification } from './payments/notification.ts'
import { countSettled, openShop, prepareOrders, type ShopServer } from './payments/shop.ts'
import type { Report } from './report.ts'

export interface PaymentOptions {
  /** How long notifications are sent. */
  seconds: number
  /** Whole payments that are timed. */
  rounds: number
}

export async function benchPayments(report: Report, options: PaymentOptions): Promise<void> {
  const shop = await openShop()
  try {
    await warmUp(shop)
    await benchWhole(report, shop, options.rounds)
    await benchVerification(report, shop)
    await benchNotifications(report, shop, options.seconds)
  } finally {
    await shop.stop()
  }
}

// internals

const rate = 200

/** Code that has not run yet is slow; what is asked for is what a space that serves payments does. */
async function warmUp(shop: ShopServer): Promise<void> {
  for (let round = 0; round < 30; round++) await wholePayment(shop)
}

async function benchWhole(report: Report, shop: ShopServer, rounds: number): Promise<void> {
  const parts: number[][] = [[], [], []]
  const whole: number[] = []
  for (let round = 0; round < rounds; round++) {
    const [created, paid, asked] = await wholePayment(shop)
    for (const [n, ms] of [created, paid, asked].entries()) parts[n]?.push(ms)
    whole.push(created + paid + asked)
  }
  report.section(`A whole payment over HTTP, WeChat Pay V3, ${rounds} one after the other`)
  const row = (name: string, times: readonly number[], target: string): string[] => [
    name,
    quantile(times, 0.5).toFixed(1),
    quantile(times, 0.99).toFixed(1),
    target,
  ]
  report.table(
    ['ms', 'p50', 'p99', 'target for p50'],
    [
      row('createOrder, pay, notification and callback, getOrder', whole, '40'),
      row('createOrder', parts[0] ?? [], ''),
      row('pay: notification and callback', parts[1] ?? [], ''),
      row('getOrder', parts[2] ?? [], ''),
    ],
  )
}

/** @returns ms of createOrder; of the payment, with which the notification is delivered; of getOrder */
async function wholePayment(shop: ShopServer): Promise<[created: number, paid: number, asked: number]> {
  const times = [performance.now()]
  const { out_trade_no } = await shop.call('uni-pay-co', 'createOrder', {
    provider: 'wxpay',
    total_fee: 100,
    type: 'test',
    description: '一件商品',
    order_no: `2026${String(process.hrtime.bigint()).padStart(18, '0')}`,
    openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
  })
  times.push(performance.now())
  await shop.control('POST', `/orders/${String(out_trade_no)}/pay`)
  times.push(performance.now())
  const found = await shop.call('uni-pay-co', 'getOrder', { out_trade_no })
  times.push(performance.now())
  if (found.user_order_success !== true) throw new Error(`not paid: ${JSON.stringify(found)}`)
  const [start = 0, created = 0, paid = 0, asked = 0] = times
  return [created - start, paid - created, asked - paid]
}

async function benchVerification(report: Report, shop: ShopServer): Promise<void> {
  const http = paymentNotification({ outTradeNo: 'VERIFY', total: 100 })
  const time = async (fresh: boolean): Promise<string[]> => {
    const run = (rounds: number) => shop.run('verify', { http, rounds, fresh })
    await run(500)
    const times = (await run(2000)) as number[]
    return [quantile(times, 0.5).toFixed(3), quantile(times, 0.99).toFixed(3)]
  }
  report.section('Verification of one WeChat Pay V3 notification inside a function, 2,000 times')
  report.table(
    ['ms', 'p50', 'p99', 'target for p50'],
    [
      ['verifyPaymentNotify: signature, AES-GCM, identity', ...(await time(false)), '1'],
      ['initWeixinV3 and verifyPaymentNotify', ...(await time(true)), ''],
    ],
  )
}

async function benchNotifications(report: Report, shop: ShopServer, seconds: number): Promise<void> {
  const sustained = rate * seconds
  const orders = await prepareOrders(shop, sustained + burst)
  const notifications = orders.map(paymentNotification)
  const url = `${shop.url}/uni-pay-co/payNotify/wxpay-mp`
  const measure = async (send: () => Promise<LoadResult>): Promise<string[]> => {
    const before = cpuMicros(shop.pid)
    const { times, errors, seconds: took } = await send()
    const cpu = cpuMicros(shop.pid) - before
    if (errors.length > 0) report.text(`${errors.length} errors, the first: ${errors[0]}`)
    return [
      (times.length / took).toFixed(0),
      quantile(times, 0.5).toFixed(1),
      quantile(times, 0.99).toFixed(1),
      String(errors.length),
      (cpu / 1000 / times.length).toFixed(2),
      `${(cpu / 10_000 / took).toFixed(0)} %`,
    ]
  }
  report.section(
    `Notifications of WeChat Pay V3 to one instance of uni-pay-co, each of an order of its own, with its callback`,
  )
  const load = loadavg()[0] ?? 0
  const rows = [
    [
      `${rate}/s for ${seconds} s`,
      ...(await measure(() => sendAtRate(url, notifications.slice(0, sustained), rate))),
    ],
    [
      `${burst} from 20 connections`,
      ...(await measure(() => sendAtOnce(url, notifications.slice(sustained), 20))),
    ],
  ]
  report.table(['sent', 'answered/s', 'p50, ms', 'p99, ms', 'errors', 'CPU ms each', 'CPU of one core'], rows)
  const settled = await countSettled(shop, 'goods')
  report.text(`\n${settled} of ${orders.length} orders paid, callback done. Load before: ${load.toFixed(1)}.`)
  if (settled !== orders.length) throw new Error('orders are missing')
}

const burst = 2000
