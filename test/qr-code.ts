/** Reads codes as a phone's camera does, with a decoder that nobody here wrote. */
import jsQR from 'jsqr'
import { PNG } from 'pngjs'

export interface ReadCode {
  /** Of the image. */
  width: number
  height: number
  /** undefined: it cannot be read. */
  text: string | undefined
}

/** @param url `data:image/png;base64,…` */
export function readPngCode(url: string): ReadCode {
  const { width, height, data } = PNG.sync.read(
    Buffer.from(url.replace(/^data:image\/png;base64,/, ''), 'base64'),
  )
  return { width, height, text: textIn(new Uint8ClampedArray(data), width) }
}

/** @param svg as the package qrcode draws it: one row of modules after another, each a stroke one unit high */
export function readSvgCode(svg: string, scale = 4): ReadCode {
  const size = Number(/viewBox="0 0 (\d+) \d+"/.exec(svg)?.[1])
  const strokes = /stroke="#000000" d="([^"]+)"/.exec(svg)?.[1] ?? ''
  const width = size * scale
  const pixels = new Uint8ClampedArray(width * width * 4).fill(255)
  let [x, y] = [0, 0]
  for (const [, command, first, second] of strokes.matchAll(/([Mmh])(-?[\d.]+)(?:[ ,](-?[\d.]+))?/g)) {
    if (command === 'M') [x, y] = [Number(first), Math.floor(Number(second))]
    else if (command === 'm') x += Number(first)
    else {
      for (let row = y * scale; row < (y + 1) * scale; row++) {
        for (let at = x * scale; at < (x + Number(first)) * scale; at++) {
          pixels.fill(0, (row * width + at) * 4, (row * width + at) * 4 + 3)
        }
      }
      x += Number(first)
    }
  }
  return { width, height: width, text: textIn(pixels, width) }
}

// internals

// The package is CommonJS with a default member of its own.
const decode = (typeof jsQR === 'function' ? jsQR : (jsQR as { default: unknown }).default) as (
  data: Uint8ClampedArray,
  width: number,
  height: number,
) => { data: string } | null

function textIn(pixels: Uint8ClampedArray, width: number): string | undefined {
  return decode(pixels, width, pixels.length / 4 / width)?.data
}
