import type { Operator, Value, ValueType } from '../field/field.js'
import { addressComparison, addressRelation } from './addresses.js'
import { bufferComparison, bufferRelation } from './buffers.js'
import { numberComparison, numberRelation } from './numbers.js'
import type { Event } from '../event/event.js'
import { operatorsOf, typeText } from './operators.js'
import type { Comparison, Relation } from './predicate.js'
import { textComparison, textRelation } from './texts.js'

/**
 * The comparison of a type with operands as they stand in a filter. Throws a RangeError for operands that are none of the
 * type's; whether the operator can be used on the type was checked.
 */
export function comparisonOf(type: ValueType, operator: Operator, texts: readonly string[]): Comparison {
  switch (type) {
    case 'CHARBUF': return textComparison(operator, texts)
    case 'BYTEBUF': return bufferComparison(operator, texts)
    case 'IPADDR': case 'IPNET': return addressComparison(type, operator, texts)
    default: return numberComparison(type, operator, texts)
  }
}

/** The comparison of two values of a type; undefined where the operator needs to know its right side before. */
export function relationOf(type: ValueType, operator: Operator): Relation | undefined {
  switch (type) {
    case 'CHARBUF': return textRelation(operator)
    case 'BYTEBUF': return bufferRelation(operator)
    case 'IPADDR': return addressRelation(operator)
    default: return numberRelation(operator)
  }
}

/** Is it compared as numbers are? */
export function isNumber(type: ValueType): boolean {
  return type !== 'CHARBUF' && type !== 'BYTEBUF' && type !== 'IPADDR' && type !== 'IPNET' && type !== 'DYN'
}


/**
 * The check of one value, for fields that compare several: either end of a connection, any ancestor.
 * Throws a RangeError where the operator cannot be used on the type, or an operand is none of it.
 */
export function valueTest(type: ValueType, operator: Operator, operands: readonly string[]): (value: Value) => boolean {
  if (operator === 'exists') return () => true
  if (!operatorsOf(type).includes(operator)) throw new RangeError(`${operator} cannot be used on ${typeText(type)}`)
  let current: Value
  const test = comparisonOf(type, operator, operands)(() => current)
  return value => {
    current = value
    return test(NO_EVENT)
  }
}

/** What is compared does not come from it. */
const NO_EVENT = undefined as unknown as Event
