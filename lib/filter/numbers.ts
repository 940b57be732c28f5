import type { Operator, Value, ValueType } from '../field/field.js'
import { type Comparison, operands, type Relation } from './predicate.js'
import { servicePort } from './services.js'

const DECIMAL = /^[ \t\n]*([+-]?[0-9]+)$/
const HEXADECIMAL = /^([+-]?)0[xX]([0-9A-Fa-f]+)$/
const FRACTION = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/

/** Comparisons of numbers, booleans, times and ports. */
export function numberComparison(type: ValueType, operator: Operator, texts: readonly string[]): Comparison {
  if (type === 'BOOL') return booleanComparison(operator, operands(texts, parseBoolean))
  const numbers = operands(texts, text => parseNumber(type, text))
  if (operator === 'in' || operator === 'intersects') return among(numbers)
  const [number] = numbers
  return isWide(type) ? wide(operator, number) : narrow(operator, Number(number))
}

/** Comparisons of two numbers of events. Either may be a bigint, so equality is not strict: 1 == 1n. */
export function numberRelation(operator: Operator): Relation | undefined {
  switch (operator) {
    case '=': case 'in': case 'intersects': return (a, b) => loose(a) == loose(b)
    case '!=': return (a, b) => loose(a) != loose(b)
    case '<': return (a, b) => loose(a) < loose(b)
    case '<=': return (a, b) => loose(a) <= loose(b)
    case '>': return (a, b) => loose(a) > loose(b)
    case '>=': return (a, b) => loose(a) >= loose(b)
    default: return undefined
  }
}

/** The operand of a port or number field as a number; of ports also the service's name. Throws a RangeError. */
export function parseNumber(type: ValueType, text: string): number | bigint {
  if (type === 'DOUBLE') return parseDouble(text)
  if (type === 'PORT') return parsePort(text)
  return fit(type, parseInteger(text))
}

/** As C's conversions do: too large or too small for 64 bits is the limit, beyond the type's width the upper bits go. */
function fit(type: ValueType, value: bigint): number | bigint {
  const signed = type.startsWith('INT')
  const bits = Number(/\d+$/.exec(type)?.[0] ?? 64)
  const limited = signed || value < 0n ? clamp(value, -(1n << 63n), (1n << 63n) - 1n) : clamp(value, 0n, (1n << 64n) - 1n)
  const number = signed ? BigInt.asIntN(bits, limited) : BigInt.asUintN(bits, limited)
  const small = Number(number)
  return Number.isSafeInteger(small) ? small : number
}

function clamp(value: bigint, low: bigint, high: bigint): bigint {
  return value < low ? low : value > high ? high : value
}

function parseInteger(text: string): bigint {
  const decimal = DECIMAL.exec(text)?.[1]
  if (decimal !== undefined && decimal.length < 100) return BigInt(decimal.replace('+', ''))
  const hex = HEXADECIMAL.exec(text)
  if (hex !== null && hex[2].length < 100) return BigInt(`0x${hex[2]}`) * (hex[1] === '-' ? -1n : 1n)
  throw new RangeError(`${shown(text)} is not a whole number`)
}

function parseDouble(text: string): number {
  if (!FRACTION.test(text)) throw new RangeError(`${shown(text)} is not a number`)
  return Number(text)
}

function parsePort(text: string): number {
  if (text === '') return 0
  if (/^[0-9]+$/.test(text)) {
    const number = Number(text)
    if (number > 0x7fff_ffff) throw new RangeError(`${shown(text)} is not a port`)
    return number & 0xffff
  }
  const port = servicePort(text)
  if (port === undefined) throw new RangeError(`${shown(text)} is neither a port nor the name of a service`)
  return port
}

function parseBoolean(text: string): boolean {
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw new RangeError(`${shown(text)} is neither true nor false`)
}

function shown(text: string): string {
  return text === '' ? 'nothing' : text.length > 40 ? `${text.slice(0, 40)}…` : text
}

function loose(value: Value): number | bigint {
  return typeof value === 'boolean' ? Number(value) : (value as number | bigint)
}

/** 64 bits: the values may be bigints, the operand too. */
function isWide(type: ValueType): boolean {
  return type === 'INT64' || type === 'UINT64' || type === 'RELTIME' || type === 'ABSTIME'
}

function booleanComparison(operator: Operator, values: readonly boolean[]): Comparison {
  const relation = numberRelation(operator)!
  // Two values are all there are: what the comparison says of each is known before.
  const [ifFalse, ifTrue] = [0, 1].map(value => values.some(operand => relation(value, Number(operand))))
  if (ifFalse && ifTrue) return get => ev => get(ev) !== undefined
  if (ifTrue) return get => ev => Boolean(get(ev))
  if (!ifFalse) return () => () => false
  return get => ev => {
    const value = get(ev)
    return value !== undefined && !value
  }
}

function narrow(operator: Operator, operand: number): Comparison {
  switch (operator) {
    case '=': return get => ev => get(ev) === operand
    case '!=': return get => ev => { const value = get(ev); return value !== undefined && value !== operand }
    // A missing value is NaN here, which compares as false.
    case '<': return get => ev => (get(ev) as number) < operand
    case '<=': return get => ev => (get(ev) as number) <= operand
    case '>': return get => ev => (get(ev) as number) > operand
    default: return get => ev => (get(ev) as number) >= operand
  }
}

function wide(operator: Operator, operand: number | bigint): Comparison {
  switch (operator) {
    case '=': return get => ev => (get(ev) as number | bigint) == operand
    case '!=': return get => ev => { const value = get(ev); return value !== undefined && (value as number | bigint) != operand }
    case '<': return get => ev => (get(ev) as number | bigint) < operand
    case '<=': return get => ev => (get(ev) as number | bigint) <= operand
    case '>': return get => ev => (get(ev) as number | bigint) > operand
    default: return get => ev => (get(ev) as number | bigint) >= operand
  }
}

function among(values: readonly (number | bigint)[]): Comparison {
  if (values.length === 1) return wide('=', values[0])
  const numbers = new Set(values)
  return get => ev => {
    const value = get(ev)
    if (typeof value !== 'bigint') return numbers.has(value as number)
    const small = Number(value)
    return numbers.has(Number.isSafeInteger(small) ? small : value)
  }
}
