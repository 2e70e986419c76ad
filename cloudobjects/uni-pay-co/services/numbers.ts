/** Numbers and times as orders carry them. */
import { randomInt } from 'node:crypto'

/** 25 digits: the time in China, then random ones without 0. */
export function newOutTradeNo(now: number = Date.now()): string {
  const { digits, milliseconds } = chinaParts(now)
  let number = digits.slice(2) + String(milliseconds)
  while (number.length < 25) number += String(randomInt(1, 10))
  return number
}

/** `yyyy-MM-dd hh:mm:ss` in China. @param time ms */
export function chinaTime(time: number): string {
  return new Date(time + chinaOffset).toISOString().slice(0, 19).replace('T', ' ')
}

/** 100 -> `1`, 30 -> `0.3`; without fractions on the way. */
export function yuanText(fen: number): string {
  const digits = String(fen).padStart(3, '0')
  const fraction = digits.slice(-2).replace(/0+$/, '')
  return fraction === '' ? digits.slice(0, -2) : `${digits.slice(0, -2)}.${fraction}`
}

// internals

const chinaOffset = 8 * 3600_000

function chinaParts(time: number): { digits: string; milliseconds: number } {
  const text = new Date(time + chinaOffset).toISOString()
  return { digits: text.slice(0, 19).replace(/\D/g, ''), milliseconds: Number(text.slice(20, 23)) }
}
