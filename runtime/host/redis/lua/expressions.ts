/** Compiled expressions: closures over a frame. */
import type { Frame } from './machine.ts'
import { assign, type BinaryOperator, call, index } from './operators.ts'
import type { Capture, Variable } from './scope.ts'
import { isTruthy, LuaError, LuaTable, type LuaValue } from './value.ts'

export interface Expression {
  value(frame: Frame): LuaValue
  /** All values of a call or of `...`; absent where there is exactly one. */
  values?(frame: Frame): readonly LuaValue[]
  /** For what may stand left of `=`: evaluates the place, then takes the value. */
  place?(frame: Frame): (value: LuaValue) => void
  /** What errors call it. */
  name?: string
}

/** How a script's globals are read and written. */
export interface Globals {
  get(name: string): LuaValue
  set(name: string, value: LuaValue): void
}

export function constant(value: LuaValue): Expression {
  return { value: () => value }
}

export function variable(found: Variable, name: string, globals: Globals): Expression {
  switch (found.kind) {
    case 'local': {
      const { slot } = found
      return {
        value: (frame) => frame.cells[slot]?.value,
        place: (frame) => (value) => {
          // The cell exists since the declaration ran.
          const cell = frame.cells[slot]
          if (cell) cell.value = value
        },
        name: `local '${name}'`,
      }
    }
    case 'outer': {
      const { slot } = found
      return {
        value: (frame) => frame.outer[slot]?.value,
        place: (frame) => (value) => {
          const cell = frame.outer[slot]
          if (cell) cell.value = value
        },
        name: `upvalue '${name}'`,
      }
    }
    case 'global':
      return {
        value: () => globals.get(name),
        place: () => (value) => globals.set(name, value),
        name: `global '${name}'`,
      }
  }
}

export function varargs(): Expression {
  return { value: ({ varargs }) => varargs[0], values: ({ varargs }) => varargs }
}

export function member(base: Expression, key: Expression, line: number, keyName?: string): Expression {
  return {
    value(frame) {
      const of = base.value(frame)
      const at = key.value(frame)
      frame.machine.line = line
      return index(of, at, base.name)
    },
    place(frame) {
      const of = base.value(frame)
      const at = key.value(frame)
      return (value) => {
        frame.machine.line = line
        assign(of, at, value, base.name)
      }
    },
    ...(keyName === undefined ? {} : { name: `field '${keyName}'` }),
  }
}

export function invocation(callee: Expression, args: readonly Expression[], line: number): Expression {
  const values = (frame: Frame): readonly LuaValue[] => {
    const function_ = callee.value(frame)
    const given = valuesOf(args, frame)
    frame.machine.line = line
    frame.machine.tick()
    return call(function_, given, callee.name)
  }
  return { value: (frame) => values(frame)[0], values }
}

/** `object:method(args)`. */
export function methodInvocation(
  object: Expression,
  method: string,
  args: readonly Expression[],
  line: number,
  strings: () => LuaValue,
): Expression {
  const values = (frame: Frame): readonly LuaValue[] => {
    const self = object.value(frame)
    frame.machine.line = line
    const function_ = index(typeof self === 'string' ? strings() : self, method, object.name)
    const given = [self, ...valuesOf(args, frame)]
    frame.machine.line = line
    frame.machine.tick()
    return call(function_, given, `method '${method}'`)
  }
  return { value: (frame) => values(frame)[0], values }
}

export function binary(operate: BinaryOperator, a: Expression, b: Expression, line: number): Expression {
  return {
    value(frame) {
      const left = a.value(frame)
      const right = b.value(frame)
      frame.machine.line = line
      return operate(left, right)
    },
  }
}

export function unary(operate: (value: LuaValue) => LuaValue, of: Expression, line: number): Expression {
  return {
    value(frame) {
      const value = of.value(frame)
      frame.machine.line = line
      return operate(value)
    },
  }
}

export function and(a: Expression, b: Expression): Expression {
  return {
    value(frame) {
      const left = a.value(frame)
      return isTruthy(left) ? b.value(frame) : left
    },
  }
}

export function or(a: Expression, b: Expression): Expression {
  return {
    value(frame) {
      const left = a.value(frame)
      return isTruthy(left) ? left : b.value(frame)
    },
  }
}

/** Fields of a constructor: `[k] = v` or `k = v`; without a key it is the next item. */
export interface Field {
  key?: Expression
  value: Expression
}

export function tableConstructor(fields: readonly Field[]): Expression {
  return {
    value(frame) {
      const table = new LuaTable()
      let next = 1
      for (const [at, { key, value }] of fields.entries()) {
        if (key) table.set(key.value(frame), value.value(frame))
        else if (value.values && at === fields.length - 1) {
          for (const item of value.values(frame)) table.set(next++, item)
        } else table.set(next++, value.value(frame))
      }
      return table
    },
  }
}

export interface FunctionBody {
  captures: readonly Capture[]
  parameters: readonly number[]
  hasVarargs: boolean
  run(frame: Frame): readonly LuaValue[] | undefined
}

export function functionValue(body: FunctionBody): Expression {
  const { parameters, hasVarargs, run } = body
  return {
    value({ machine, cells, outer }) {
      const captured = body.captures.map(
        ({ local, slot }) => (local ? cells[slot] : outer[slot]) ?? { value: undefined },
      )
      return (args) => {
        const frame: Frame = {
          machine,
          cells: [],
          outer: captured,
          varargs: hasVarargs ? args.slice(parameters.length) : [],
        }
        for (const [at, slot] of parameters.entries()) frame.cells[slot] = { value: args[at] }
        return run(frame) ?? []
      }
    },
  }
}

/** The values of a list of expressions: only the last one may give more or fewer than one. */
export function valuesOf(expressions: readonly Expression[], frame: Frame): LuaValue[] {
  const values: LuaValue[] = []
  for (const [at, expression] of expressions.entries()) {
    if (expression.values && at === expressions.length - 1) values.push(...expression.values(frame))
    else values.push(expression.value(frame))
  }
  return values
}

/** A number that a loop needs. */
export function loopNumber(value: number | undefined, what: string): number {
  if (value === undefined) throw new LuaError(`'for' ${what} must be a number`)
  return value
}
