import type { Event } from '../event/event.js'
import type { Value } from '../field/field.js'

/** Is it so in this event? */
export type Predicate = (ev: Event) => boolean

/** Gets a value from an event; undefined where it has none. */
export type Get = (ev: Event) => Value | undefined

/**
 * A comparison with operands that are known: makes one closure out of it and the value's getter. A value that is missing
 * makes every comparison false, also `!=`.
 */
export type Comparison = (get: Get) => Predicate

/** A comparison of two values of an event. */
export type Relation = (a: Value, b: Value) => boolean

/** An operand that cannot be compared with. */
export class OperandError extends RangeError {
  /** Which of the operands, from 0. */
  readonly index: number
  readonly suggestion: string | undefined

  constructor(message: string, index: number, suggestion?: string) {
    super(message)
    this.index = index
    this.suggestion = suggestion
  }
}

/** Parses each operand; what `parse` throws says which it was. */
export function operands<T>(texts: readonly string[], parse: (text: string) => T): T[] {
  return texts.map((text, index) => {
    try {
      return parse(text)
    } catch (error) {
      if (error instanceof OperandError || !(error instanceof RangeError)) throw error
      throw new OperandError(error.message, index)
    }
  })
}

/** True if `test` is for one of them. */
export function anyOf<T>(items: readonly T[], each: (item: T) => Comparison): Comparison {
  if (items.length === 1) return each(items[0])
  return get => {
    const tests = items.map(item => each(item)(get))
    return ev => {
      for (const test of tests) if (test(ev)) return true
      return false
    }
  }
}
