/** Failures that come from the space itself, with uniCloud's codes and texts (spec/runtime.md §6.2). */
import type { CallFailure } from '../invocation.ts'

export const failures = {
  notFound: (name: string): CallFailure => ({
    reason: 'not-found',
    errCode: 'FUNCTION_NOT_FOUND',
    errMsg: `FUNCTION_NOT_FOUND: function [${name}] does not exist`,
  }),

  wrongKind: (name: string): CallFailure => ({
    reason: 'wrong-kind',
    errCode: 'INVALID_FUNCTION_TYPE',
    errMsg: `[${name}] is not a cloud object`,
  }),

  /** The project itself says why this function cannot run (two entry files, unreadable package.json …). */
  invalidEntry: (message: string): CallFailure => ({
    reason: 'load',
    errCode: 'FunctionBizError',
    errMsg: message,
  }),

  timeout: (name: string, seconds: number): CallFailure => ({
    reason: 'timeout',
    errCode: 'FUNCTION_TIMEOUT',
    errMsg: `Function [${name}] timed out after ${Number(seconds.toFixed(3))} seconds`,
  }),

  crash: (name: string): CallFailure => ({
    reason: 'crash',
    errCode: 'FunctionServerError',
    errMsg: `Function [${name}] exited unexpectedly`,
  }),

  capacity: (name: string): CallFailure => ({
    reason: 'capacity',
    errCode: 'FunctionResourceExhausted',
    errMsg: `No instance available for [${name}]`,
  }),

  requestTooLarge: (name: string, limit: number): CallFailure => ({
    reason: 'request-too-large',
    errCode: 'REQUEST_TOO_LARGE',
    errMsg: `Request of [${name}] exceeds ${limit} bytes`,
  }),

  responseTooLarge: (): CallFailure => ({
    reason: 'response-too-large',
    errCode: 'ResponseContentLength.Exceeded',
    errMsg: 'The response ContentLength exceeds the limit.',
  }),

  requestNotJson: (name: string, code: string, why: string): CallFailure => ({
    reason: 'result',
    errCode: code,
    errMsg: `Arguments of [${name}] cannot be sent as JSON: ${why}`,
  }),

  closed: (): CallFailure => ({
    reason: 'closed',
    errCode: 'FunctionServerError',
    errMsg: 'The service space is shutting down',
  }),
} as const
