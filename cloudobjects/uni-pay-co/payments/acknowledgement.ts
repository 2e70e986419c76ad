/** What platforms want to hear of a notification, good or bad, each in its own words (spec/uni-pay.md §2.4, D18). */

/** How a provider's answers are made. */
export type Wording = 'wxpay-v3' | 'wxpay-v2' | 'alipay' | 'wxpay-virtual' | 'huawei' | 'other'

export interface HttpAnswer {
  mpserverlessComposedResponse: true
  statusCode: number
  headers: Record<string, string>
  body: string
}

/** @param version of WeChat Pay, in the configuration */
export function wordingOf(provider: string, version: unknown): Wording {
  if (provider === 'wxpay') return version === 3 ? 'wxpay-v3' : 'wxpay-v2'
  return provider === 'alipay' || provider === 'wxpay-virtual' || provider === 'huawei' ? provider : 'other'
}

/** It has arrived; the platform sends it no more. */
export function accepted(wording: Wording): HttpAnswer {
  switch (wording) {
    case 'wxpay-v3':
      return json(200, { code: 'SUCCESS', message: '成功' })
    case 'wxpay-v2':
      return xml('SUCCESS', 'OK')
    case 'wxpay-virtual':
      return json(200, { ErrCode: 0, ErrMsg: 'success' })
    case 'huawei':
      return json(200, { resultCode: '000000', resultDesc: 'Success.' })
    default:
      return text(200, 'success')
  }
}

/** It is not believed; a genuine one will be sent again. */
export function refused(wording: Wording, reason = '签名验证失败'): HttpAnswer {
  if (wording === 'wxpay-v3') return json(401, { code: 'FAIL', message: reason })
  return failed(wording, reason, 400)
}

/** It cannot be dealt with now; it should be sent again. */
export function later(wording: Wording, reason = '处理中，请稍后重试'): HttpAnswer {
  if (wording === 'wxpay-v3') return json(500, { code: 'FAIL', message: reason })
  return failed(wording, reason, 500)
}

// internals

/** @param status for those whose words are not known */
function failed(wording: Wording, reason: string, status: number): HttpAnswer {
  switch (wording) {
    case 'wxpay-v2':
      return xml('FAIL', reason)
    case 'wxpay-virtual':
      return json(200, { ErrCode: -1, ErrMsg: reason })
    case 'huawei':
      return json(200, { resultCode: '200002', resultDesc: reason })
    case 'alipay':
      return text(200, 'fail')
    default:
      return text(status, 'fail')
  }
}

function json(statusCode: number, value: object): HttpAnswer {
  return answer(statusCode, 'application/json', JSON.stringify(value))
}

function xml(code: string, message: string): HttpAnswer {
  const body = `<xml><return_code><![CDATA[${code}]]></return_code><return_msg><![CDATA[${message}]]></return_msg></xml>`
  return answer(200, 'text/xml', body)
}

function text(statusCode: number, body: string): HttpAnswer {
  return answer(statusCode, 'text/plain', body)
}

function answer(statusCode: number, type: string, body: string): HttpAnswer {
  return { mpserverlessComposedResponse: true, statusCode, headers: { 'content-type': type }, body }
}
