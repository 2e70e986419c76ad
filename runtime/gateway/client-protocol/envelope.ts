/** The envelope of `POST /client` (spec/client-protocol.md §3.3). */

/** A refusal or failure: what the application sees as `errCode` and `errMsg`. */
export interface ClientError {
  code: string | number
  message: string
}

/** @param data JSON text, put in unparsed */
export function successEnvelope(data: string, requestId: string): string {
  return `{"success":true,"data":${data},"header":{"x-serverless-request-id":"${requestId}"}}`
}

export function errorEnvelope({ code, message }: ClientError, requestId: string): string {
  return JSON.stringify({
    success: false,
    error: { code, message },
    header: { 'x-serverless-request-id': requestId },
  })
}
