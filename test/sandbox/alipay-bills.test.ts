/** Alipay's bills, asked for by `alipay-sdk`, fetched from the address that it is given, unpacked and read as GBK. */
import { inflateRawSync } from 'node:zlib'
import type { AlipaySdk } from 'alipay-sdk'
import iconv from 'iconv-lite'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../clock/clock.ts'
import vectors from '../conformance/payment-vectors.json' with { type: 'json' }
import { alipayMerchant } from './alipay-merchant.ts'
import { type Started, startSandbox } from './start-sandbox.ts'

const { seller_id } = vectors.constants.alipay
const BILL = 'alipay.data.dataservice.bill.downloadurl.query'

/** Noon of a first of January, in UTC+8. */
async function start(): Promise<{ started: Started; sdk: AlipaySdk }> {
  const clock = new ManualClock(Date.parse('2026-01-01T12:00:00+08:00'))
  const started = await startSandbox({ clock })
  return { started, sdk: alipayMerchant(started) }
}

const call = (sdk: AlipaySdk, method: string, bizContent: object) =>
  sdk.exec(method, { bizContent }, { validateSign: true })

async function pay(started: Started, sdk: AlipaySdk, outTradeNo: string, yuan: string): Promise<void> {
  const subject = '牛奶,一箱'
  await call(sdk, 'alipay.trade.precreate', { out_trade_no: outTradeNo, total_amount: yuan, subject })
  await started.control('POST', `/orders/${outTradeNo}/pay`)
}

/** Two payments, one of them refunded in part. */
async function busyDay() {
  const parts = await start()
  await pay(parts.started, parts.sdk, 'BILL1', '100.00')
  await parts.started.control('POST', '/clock', { advance: '1h' })
  await pay(parts.started, parts.sdk, 'BILL2', '10.00')
  await call(parts.sdk, 'alipay.trade.refund', {
    out_trade_no: 'BILL1',
    refund_amount: '30.00',
    out_request_no: 'BACK1',
    refund_reason: '少了一盒',
  })
  return parts
}

/** Name -> lines of each file of an archive. */
function unpacked(archive: Buffer): Record<string, string[]> {
  const files: Record<string, string[]> = {}
  const end = archive.lastIndexOf(Buffer.from('504b0506', 'hex'))
  let at = archive.readUInt32LE(end + 16)
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = archive.readUInt16LE(at + 28)
    expect(archive.readUInt16LE(at + 8) & 0x800, 'not marked as UTF-8').toBe(0)
    const name = iconv.decode(archive.subarray(at + 46, at + 46 + nameLength), 'gbk')
    const local = archive.readUInt32LE(at + 42)
    const from = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
    const content = inflateRawSync(archive.subarray(from, from + archive.readUInt32LE(at + 20)))
    const text = iconv.decode(content, 'gbk')
    expect(text.endsWith('\r\n')).toBe(true)
    files[name] = text.trimEnd().split('\r\n')
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  return files
}

async function bill(sdk: AlipaySdk, bill_type: string, bill_date: string) {
  const answer = await call(sdk, BILL, { bill_type, bill_date })
  expect(answer).toMatchObject({ code: '10000', billDownloadUrl: expect.stringMatching(/^http:/) })
  const response = await fetch(String(answer.billDownloadUrl))
  expect(response.status).toBe(200)
  return {
    url: new URL(String(answer.billDownloadUrl)),
    files: unpacked(Buffer.from(await response.arrayBuffer())),
  }
}

/** Rows by column: what stands between the header and the closing rule. */
function rowsOf(lines: string[] = []): Record<string, string>[] {
  const open = lines.findIndex((line) => /^#-+.*列表-+$/.test(line))
  const close = lines.findIndex((line) => line.includes('列表结束'))
  const [header = '', ...rows] = lines.slice(open + 1, close)
  const names = header.split(',')
  return rows.map((row) => {
    const values = row.split(',').map((value) => value.trim())
    expect(values).toHaveLength(names.length)
    return Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']))
  })
}

test('trades of a day: two files, in GBK, with sums', async () => {
  const { started, sdk } = await busyDay()
  await started.control('POST', '/clock', { advance: '1d' })
  const { url, files } = await bill(sdk, 'trade', '2026-01-01')
  expect(url.pathname).toMatch(/hosts\/dwbillcenter\.alipay\.com\/downloadBillFile\.resource$/)
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    bizType: 'trade',
    userId: `${seller_id}0156`,
    fileType: 'csv.zip',
    bizDates: '20260101',
    downloadFileName: `${seller_id}0156_20260101.csv.zip`,
  })
  const name = `${seller_id}0156_20260101_业务明细`
  expect(Object.keys(files)).toEqual([`${name}.csv`, `${name}(汇总).csv`])
  const lines = files[`${name}.csv`] ?? []
  expect(lines.slice(0, 3)).toEqual([
    '#支付宝业务明细查询',
    `#账号：[${seller_id}0156]`,
    '#起始日期：[2026年01月01日 00:00:00]   终止日期：[2026年01月02日 00:00:00]',
  ])
  expect(lines.slice(-3)).toEqual([
    '#交易合计：2笔，商家实收共110.00元，商家优惠共0.00元',
    '#退款合计：1笔，商家实收退款共30.00元，商家优惠退款共0.00元',
    '#导出时间：[2026年01月02日 13:00:00]',
  ])
  expect(rowsOf(lines)).toMatchObject([
    {
      商户订单号: 'BILL1',
      业务类型: '交易',
      商品名称: '牛奶 一箱',
      完成时间: '2026-01-01 12:00:00',
      '订单金额（元）': '100.00',
      '商家实收（元）': '100.00',
      '服务费（元）': '-0.60',
    },
    { 商户订单号: 'BILL2', 业务类型: '交易', '订单金额（元）': '10.00' },
    {
      商户订单号: 'BILL1',
      业务类型: '退款',
      '订单金额（元）': '-30.00',
      '退款批次号/请求号': 'BACK1',
      '服务费（元）': '0.18',
      备注: '少了一盒',
    },
  ])
  // Spreadsheets must not make a number of it.
  expect(lines[5]).toMatch(/^\d{28}\t,BILL1\t,交易\t,/)
  expect(rowsOf(files[`${name}(汇总).csv`])).toMatchObject([
    {
      门店编号: '合计',
      交易订单总笔数: '2',
      退款订单总笔数: '1',
      '订单金额（元）': '80.00',
      '实收净额（元）': '79.52',
    },
  ])
})

test('movements of the balance of a month', async () => {
  const { started, sdk } = await busyDay()
  await started.control('POST', '/clock', { advance: '40d' })
  const { url, files } = await bill(sdk, 'signcustomer', '2026-01')
  expect(url.searchParams.get('bizType')).toBe('fnd')
  const name = `${seller_id}0156_202601_账务明细`
  const lines = files[`${name}.csv`] ?? []
  expect(lines[2]).toBe('#起始日期：[2026年01月01日 00:00:00]   终止日期：[2026年02月01日 00:00:00]')
  expect(
    rowsOf(lines).map((row) => [
      row.业务类型,
      row['收入金额（+元）'],
      row['支出金额（-元）'],
      row['账户余额（元）'],
    ]),
  ).toEqual([
    ['退费', '0.18', '0.00', '79.52'],
    ['交易退款', '0.00', '-30.00', '79.34'],
    ['收费', '0.00', '-0.06', '109.34'],
    ['在线支付', '10.00', '0.00', '109.40'],
    ['收费', '0.00', '-0.60', '99.40'],
    ['在线支付', '100.00', '0.00', '100.00'],
  ])
  expect(lines.slice(-3, -1)).toEqual(['#支出合计：3笔，共-30.66元', '#收入合计：3笔，共110.18元'])
  expect(rowsOf(files[`${name}(汇总).csv`]).at(-1)).toEqual({
    类型: '合计',
    收入笔数: '3',
    '收入金额（+元）': '110.18',
    支出笔数: '3',
    '支出金额（-元）': '-30.66',
    '总金额（元）': '79.52',
  })
})

describe('no bill', () => {
  test.each([
    ['today', 'trade', '2026-01-01', 'invalid_arguments'],
    ['this month', 'trade', '2026-01', 'invalid_arguments'],
    ['a day to come', 'trade', '2026-02-01', 'invalid_arguments'],
    ['no date', 'trade', '20260101', 'invalid_arguments'],
    ['a day that is none', 'trade', '2025-02-30', 'invalid_arguments'],
    ['a type that is none', 'all', '2025-12-31', 'invalid_arguments'],
    ['a day without trades', 'trade', '2025-12-31', 'isp.bill_not_exist'],
    ['a month that is not ready', 'signcustomer', '2025-12', 'isp.bill_not_exist'],
  ])('%s', async (_name, bill_type, bill_date, subCode) => {
    const { started, sdk } = await start()
    await pay(started, sdk, 'BILL3', '1.00')
    expect(await call(sdk, BILL, { bill_type, bill_date })).toMatchObject({ code: '40004', subCode })
  })

  test('before ten of the next day; an address that is older than thirty seconds', async () => {
    const { started, sdk } = await busyDay()
    await started.control('POST', '/clock', { advance: '20h' })
    const asked = { bill_type: 'trade', bill_date: '2026-01-01' }
    expect(await call(sdk, BILL, asked)).toMatchObject({ subCode: 'isp.bill_not_exist' })
    await started.control('POST', '/clock', { advance: '1h' })
    const { billDownloadUrl } = await call(sdk, BILL, asked)
    await started.control('POST', '/clock', { advance: '31s' })
    const late = await fetch(String(billDownloadUrl))
    expect(late.headers.get('content-type')).toContain('text/html')
    expect(await late.text()).toContain('下载超时，请重新下载')
    expect(started.log.at(-1)?.text).toMatch(/downloadBillFile.*older than 30 seconds/)
  })
})
