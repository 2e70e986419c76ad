/** Reads the members of a WeChat Pay V3 request and refuses what does not fit, naming the member. */
import { isObject, type Json, type JsonObject } from '../core/json.ts'
import { paramError } from './errors.ts'

export interface TextRule {
  min?: number
  max: number
  pattern?: RegExp
}

export class Fields {
  readonly #object: JsonObject
  readonly #path: string

  constructor(object: JsonObject, path = '') {
    this.#object = object
    this.#path = path
  }

  /** @throws V3Error PARAM_ERROR */
  text(name: string, rule: TextRule): string {
    const value = this.#object[name]
    if (value === undefined || value === null || value === '') throw this.#wrong(name, value, '不能为空')
    return this.#checked(name, value, rule)
  }

  optionalText(name: string, rule: TextRule): string | undefined {
    const value = this.#object[name]
    return value === undefined || value === null || value === ''
      ? undefined
      : this.#checked(name, value, rule)
  }

  /** A whole number of fen. */
  amount(name: string, min = 1): number {
    const value = this.#object[name]
    if (typeof value !== 'number' || !Number.isSafeInteger(value))
      throw this.#wrong(name, value, '必须为整数')
    if (value < min) throw this.#wrong(name, value, `不能小于${min}`)
    return value
  }

  object(name: string): Fields {
    const value = this.#object[name]
    if (!isObject(value)) throw this.#wrong(name, value, '不能为空')
    return new Fields(value, `${this.#path}/${name}`)
  }

  optionalObject(name: string): Fields | undefined {
    return isObject(this.#object[name]) ? this.object(name) : undefined
  }

  raw(name: string): Json | undefined {
    return this.#object[name]
  }

  // internals

  #checked(name: string, value: Json, { min = 1, max, pattern }: TextRule): string {
    if (typeof value !== 'string') throw this.#wrong(name, value, '必须为字符串')
    const length = [...value].length
    if (length < min || length > max) throw this.#wrong(name, value, `长度必须在${min}到${max}之间`)
    if (pattern && !pattern.test(value)) throw this.#wrong(name, value, '格式不正确')
    return value
  }

  #wrong(name: string, value: Json | undefined, issue: string): Error {
    return paramError(`${this.#path}/${name}`, value, issue)
  }
}
