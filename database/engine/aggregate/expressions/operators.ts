import type { Operator } from '../scope.ts'
import { ACCUMULATION } from './accumulation.ts'
import { ARITHMETIC } from './arithmetic.ts'
import { ARRAY_ITERATION } from './array-iteration.ts'
import { ARRAYS } from './arrays.ts'
import { CONVERSION } from './conversion.ts'
import { DATE_PARTS } from './date-parts.ts'
import { DATE_TEXT } from './date-text.ts'
import { DATE_UNITS } from './date-units.ts'
import { LOGIC } from './logic.ts'
import { OBJECTS } from './objects.ts'
import { REGULAR_EXPRESSIONS } from './regular-expressions.ts'
import { SETS } from './sets.ts'
import { STRINGS } from './strings.ts'
import { TRIGONOMETRY } from './trigonometry.ts'

/** Every expression operator by its name. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  [
    ACCUMULATION,
    ARITHMETIC,
    ARRAY_ITERATION,
    ARRAYS,
    CONVERSION,
    DATE_PARTS,
    DATE_TEXT,
    DATE_UNITS,
    LOGIC,
    OBJECTS,
    REGULAR_EXPRESSIONS,
    SETS,
    STRINGS,
    TRIGONOMETRY,
  ].flatMap((family) => Object.entries(family)),
)
