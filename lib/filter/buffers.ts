import type { Operator } from '../field/field.js'
import { bytesOfText } from './literal.js'
import { anyOf, type Comparison, operands, type Relation } from './predicate.js'

// It works on every Uint8Array, and costs no object around it.
const indexOf = Buffer.prototype.indexOf as (this: Uint8Array, value: Uint8Array) => number

/** Comparisons of bytes. */
export function bufferComparison(operator: Operator, texts: readonly string[]): Comparison {
  const values = operator === 'bcontains' || operator === 'bstartswith' ? operands(texts, parseHex) : texts.map(bytesOfText)
  const relation = bufferRelation(operator)
  return anyOf(values, value => get => ev => {
    const bytes = get(ev)
    return bytes !== undefined && relation(bytes as Uint8Array, value)
  })
}

/** Comparisons of the bytes of two fields. */
export function bufferRelation(operator: Operator): Relation {
  return RELATIONS[operator] as Relation
}

const RELATIONS: Partial<Record<Operator, (a: Uint8Array, b: Uint8Array) => boolean>> = {
  '=': equal, in: equal, intersects: equal,
  '!=': (a, b) => !equal(a, b),
  contains, bcontains: contains,
  startswith: startsWith, bstartswith: startsWith,
  endswith: (a, b) => b.length <= a.length && sameAt(a, a.length - b.length, b),
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && sameAt(a, 0, b)
}

function startsWith(a: Uint8Array, b: Uint8Array): boolean {
  return b.length <= a.length && sameAt(a, 0, b)
}

function contains(a: Uint8Array, b: Uint8Array): boolean {
  return b.length === 0 || (b.length <= a.length && indexOf.call(a, b) >= 0)
}

function sameAt(a: Uint8Array, at: number, b: Uint8Array): boolean {
  for (let i = 0; i < b.length; i++) if (a[at + i] !== b[i]) return false
  return true
}

function parseHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9A-Fa-f]+$/.test(text)) {
    throw new RangeError(`${text === '' ? 'nothing' : text} is not a row of hexadecimal bytes`)
  }
  return Buffer.from(text, 'hex')
}
