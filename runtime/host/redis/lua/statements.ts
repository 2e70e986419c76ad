/** What statements of a script do when they run; `compiler.ts` reads them. */
import { toNumber } from './convert.ts'
import { type Expression, loopNumber, valuesOf } from './expressions.ts'
import type { Frame } from './machine.ts'
import { call } from './operators.ts'
import { isTruthy, type LuaValue } from './value.ts'

const breaks = Symbol('break')

/** What a statement does to the flow: nothing, `break`, or `return` with values. */
type Flow = undefined | typeof breaks | readonly LuaValue[]
export type Statement = (frame: Frame) => Flow

export const breakLoop: Statement = () => breaks

export function returnValues(list: readonly Expression[]): Statement {
  return (frame) => valuesOf(list, frame)
}

/** What the statements of a function returned, if any did. */
export function run(body: Statement, frame: Frame): readonly LuaValue[] | undefined {
  const flow = body(frame)
  return Array.isArray(flow) ? flow : undefined
}

export function sequence(statements: readonly Statement[]): Statement {
  const [only] = statements
  if (only && statements.length === 1) return only
  return (frame) => {
    for (const statement of statements) {
      const flow = statement(frame)
      if (flow !== undefined) return flow
    }
    return undefined
  }
}

export interface Clause {
  condition: Expression
  body: Statement
}

export function choose(clauses: readonly Clause[], otherwise: Statement | undefined): Statement {
  return (frame) => {
    for (const { condition, body } of clauses) if (isTruthy(condition.value(frame))) return body(frame)
    return otherwise?.(frame)
  }
}

export function whileLoop(condition: Expression, body: Statement): Statement {
  return (frame) => {
    while (isTruthy(condition.value(frame))) {
      frame.machine.tick()
      const flow = body(frame)
      if (flow !== undefined) return flow === breaks ? undefined : flow
    }
    return undefined
  }
}

export function repeatLoop(body: Statement, until: Expression): Statement {
  return (frame) => {
    for (;;) {
      frame.machine.tick()
      const flow = body(frame)
      if (flow !== undefined) return flow === breaks ? undefined : flow
      if (isTruthy(until.value(frame))) return undefined
    }
  }
}

/** @param bounds first value, last value, and perhaps a step */
export function numericFor(slot: number, bounds: readonly Expression[], body: Statement): Statement {
  return (frame) => {
    const [first, last, by = 1] = bounds.map((bound) => toNumber(bound.value(frame)))
    const start = loopNumber(first, 'initial value')
    const limit = loopNumber(last, 'limit')
    const step = loopNumber(bounds.length > 2 ? by : 1, 'step')
    for (let value = start; step > 0 ? value <= limit : value >= limit; value += step) {
      frame.machine.tick()
      frame.cells[slot] = { value }
      const flow = body(frame)
      if (flow !== undefined) return flow === breaks ? undefined : flow
    }
    return undefined
  }
}

/** @param source iterator, state, and what the control variable starts with */
export function genericFor(
  slots: readonly number[],
  source: readonly Expression[],
  body: Statement,
  line: number,
): Statement {
  return (frame) => {
    const [iterator, state, initial] = valuesOf(source, frame)
    for (let control = initial; ; ) {
      frame.machine.tick()
      frame.machine.line = line
      const values = call(iterator, [state, control])
      control = values[0]
      if (control === undefined) return undefined
      for (const [at, slot] of slots.entries()) frame.cells[slot] = { value: values[at] }
      const flow = body(frame)
      if (flow !== undefined) return flow === breaks ? undefined : flow
    }
  }
}

export function declareLocals(slots: readonly number[], list: readonly Expression[]): Statement {
  return (frame) => {
    const values = valuesOf(list, frame)
    for (const [at, slot] of slots.entries()) frame.cells[slot] = { value: values[at] }
    return undefined
  }
}

/** The function finds its own name in its scope. */
export function declareFunction(slot: number, made: Expression): Statement {
  return (frame) => {
    const cell: { value: LuaValue } = { value: undefined }
    frame.cells[slot] = cell
    cell.value = made.value(frame)
    return undefined
  }
}

/** Where values go is decided before any of them is made. */
export function assign(targets: readonly Expression[], list: readonly Expression[]): Statement {
  return (frame) => {
    const places = targets.map(({ place }) => place?.(frame))
    const values = valuesOf(list, frame)
    for (const [at, set] of places.entries()) set?.(values[at])
    return undefined
  }
}

/** @param values of an expression that is a call */
export function callOnly(values: (frame: Frame) => unknown): Statement {
  return (frame) => {
    values(frame)
    return undefined
  }
}
