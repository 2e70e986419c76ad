/** What the control API takes in its bodies. */
import { z } from 'zod'
import { LocalError } from '../../errors/errors.ts'
import { purchaseTypes } from '../apple/purchases.ts'
import { type Json, parseJson } from '../core/json.ts'

const json: z.ZodType<Json> = z.json()
const jsonObject = z.record(z.string(), json)
const provider = z.enum(['wxpay', 'alipay', 'appleiap', 'wxpay-virtual', 'huawei'])
const fen = z.int().positive()

export const bodies = {
  empty: z.object({}),
  open: z.object({ client: json }),
  pay: z.object({
    payer: z.string().min(1).optional(),
    amount: fen.optional(),
    late: z.boolean().optional(),
    client: json.optional(),
    async: z.boolean().optional(),
  }),
  settle: z.object({ status: z.enum(['SUCCESS', 'ABNORMAL', 'CLOSED']).default('SUCCESS') }),
  refund: z.object({ order: z.string(), amount: fen.optional(), reason: z.string().default('') }),
  deliver: z.object({
    times: z.int().min(1).max(100).default(1),
    mutate: z.string().optional(),
    args: jsonObject.default({}),
  }),
  fault: z.object({
    fault: z.string(),
    match: z
      .strictObject({
        provider: provider.optional(),
        api: z.string().optional(),
        out_trade_no: z.string().optional(),
      })
      .default({}),
    times: z.int().min(1).default(1),
    args: jsonObject.default({}),
  }),
  purchase: z.object({
    productId: z.string().min(1),
    quantity: z.int().positive().default(1),
    price: z.number().nonnegative().default(1000),
    type: z.enum(purchaseTypes).default('Consumable'),
    appAccountToken: z.string().optional(),
    environment: z.enum(['Sandbox', 'Production']).default('Sandbox'),
    originalTransactionId: z.string().optional(),
    ownership: z.enum(['PURCHASED', 'FAMILY_SHARED']).default('PURCHASED'),
    purchaseDate: z.int().optional(),
  }),
  code: z.object({
    provider: provider.optional(),
    kind: z.enum(['jscode', 'oauth', 'alipay']).optional(),
    openid: z.string().min(1).optional(),
  }),
  clock: z.object({ advance: z.union([z.string(), z.number()]) }),
  reset: z.object({ seed: z.enum(['space', 'vectors']).optional() }),
  settings: jsonObject,
}

/** @throws LocalError USAGE naming the members that are wrong; an empty body counts as `{}` */
export function readJson<T extends z.ZodType>(text: string, schema: T): z.output<T> {
  const value = text.trim() === '' ? {} : parseJson(text)
  if (value === undefined) throw new LocalError('USAGE', 'the body is no JSON')
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`)
  throw new LocalError('USAGE', problems.join('; '))
}
