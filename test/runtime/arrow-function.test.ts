import { expect, test } from 'vitest'
import { isArrowFunction } from '../../runtime/guest/arrow-function.ts'

// Written as text: a formatter would tidy up what is to be told apart.
const cases: Array<[source: string, arrow: boolean]> = [
  ['() => 1', true],
  ['async () => 1', true],
  ['a => a', true],
  ['async a => a', true],
  ['async=>async', true],
  ['(a = ")") => a', true],
  ['(a = () => 1, { b } = {}) => a', true],
  ['/* c */ async /* d */ (a) /* e */ => a', true],
  ['function () {}', false],
  ['async function () {}', false],
  ['function* () {}', false],
  ['class {}', false],
  ['({ m() { return () => 1 } }).m', false],
  ['({ async m(a = () => 1) {} }).m', false],
  ['({ async() {} }).async', false],
  ['({ async(a) { return b => a } }).async', false],
  ['({ *g() {} }).g', false],
  ['({ ["a b"]() {} })["a b"]', false],
  ['({ get() { return () => 1 } }).get', false],
  ['(function () {}).bind(null)', false],
]

test.each(cases)('%s', (source, arrow) => {
  expect(isArrowFunction(new Function(`return ${source}`)())).toBe(arrow)
})
