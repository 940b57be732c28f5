import type { Direction } from '../event/record.js'
import { type Bound } from './bind.js'
import type { BoundCheck } from './check.js'
import { parseNumber } from './numbers.js'
import { plainText } from './literal.js'

/**
 * What has to be so in every event that a filter lets through, as far as a kernel can tell: sets of allowed values, each
 * undefined where anything is allowed. An empty set: nothing can pass.
 */
export interface Conditions {
  /** Processes (proc.pid), in the initial pid namespace. */
  readonly pids?: ReadonlySet<number>
  readonly tids?: ReadonlySet<number>
  /** Names of processes (proc.name). The kernel's own may be newer: prctl can change it without an event that says so. */
  readonly comms?: ReadonlySet<string>
  readonly directions?: ReadonlySet<Direction>
  /** Calls that failed, or did not. */
  readonly failed?: ReadonlySet<boolean>
}

type Mutable = { -readonly [K in keyof Conditions]?: Conditions[K] }
const KEYS = ['pids', 'tids', 'comms', 'directions', 'failed'] as const

/** The necessary conditions of an expression: of an `or`, what they have in common. */
export function conditionsOf(bound: Bound): Conditions {
  const { directions, failed, ...others } = necessary(bound, false)
  // Both of two is no condition.
  return { ...others, ...(directions && directions.size < 2 && { directions }), ...(failed && failed.size < 2 && { failed }) }
}

/** `negated`: of its opposite. */
function necessary(bound: Bound, negated: boolean): Conditions {
  switch (bound.kind) {
    case 'check': return ofCheck(bound, negated)
    case 'not': return necessary(bound.term, !negated)
    case 'and': case 'or': {
      // not (a and b) is not a or not b.
      const merge = (bound.kind === 'and') !== negated ? both : either
      return merge(bound.terms.map(term => necessary(term, negated)))
    }
    default: return (bound.kind === 'always') !== negated ? {} : NOTHING
  }
}

const NOTHING: Conditions = { pids: new Set(), tids: new Set(), comms: new Set(), directions: new Set(), failed: new Set() }

/** What all of them say. */
function both(terms: readonly Conditions[]): Conditions {
  const merged: Mutable = {}
  for (const key of KEYS) {
    const sets = terms.flatMap(term => term[key] ?? []) as ReadonlySet<unknown>[]
    if (sets.length > 0) assign(merged, key, sets.reduce((a, b) => new Set([...a].filter(value => b.has(value)))))
  }
  return merged
}

/** What at least one of them says: nothing, if one of them says nothing. */
function either(terms: readonly Conditions[]): Conditions {
  const merged: Mutable = {}
  for (const key of KEYS) {
    const sets = terms.map(term => term[key] as ReadonlySet<unknown> | undefined)
    if (!sets.includes(undefined)) assign(merged, key, new Set(sets.flatMap(set => [...set!])))
  }
  return merged
}

function assign(conditions: Mutable, key: (typeof KEYS)[number], set: ReadonlySet<unknown>): void {
  (conditions as Record<string, ReadonlySet<unknown>>)[key] = set
}

function ofCheck({ check, left, right }: BoundCheck, negated: boolean): Conditions {
  if (right !== undefined || left.transformed) return {}
  const { operator, operands } = check
  const name = left.field.name
  const texts = operands.map(({ text }) => plainText(text))
  const isEqual = EQUALS.has(operator)
  switch (name) {
    case 'evt.dir': {
      if (!isEqual && operator !== '!=') return {}
      // An event has one of two directions, so the opposite is known too.
      const named = (direction: Direction) => texts.includes(direction === 'enter' ? '>' : '<')
      return { directions: new Set(DIRECTIONS.filter(direction => named(direction) === (isEqual !== negated))) }
    }
    case 'evt.failed': {
      if (!isEqual && operator !== '!=') return {}
      const named = new Set(texts.map(text => text === 'true' || text === '1'))
      return failing([true, false].filter(value => named.has(value) === (isEqual !== negated)))
    }
    case 'evt.rawres': return negated ? {} : failing(resultsOf(operator, texts.map(text => Number(parseNumber('INT64', text)))))
    case 'evt.res': {
      if (negated || !isEqual) return {}
      return failing([true, false].filter(value => texts.some(text => (text !== 'SUCCESS') === value)))
    }
    default: break
  }
  if (negated || !isEqual) return {}
  switch (name) {
    case 'proc.pid': return { pids: numbers(texts) }
    case 'thread.tid': return { tids: numbers(texts) }
    case 'proc.name': return { comms: new Set(texts) }
    default: return {}
  }
}

const DIRECTIONS = ['enter', 'exit'] as const

/** Only exit events have a result that can be a failure. */
function failing(values: readonly boolean[]): Conditions {
  if (values.length === 2) return {}
  return values.length === 1 && values[0] ? { failed: new Set(values), directions: new Set(['exit']) } : { failed: new Set(values) }
}

/** Can the result of a call be negative, and can it not be, where it compares like that? */
function resultsOf(operator: string, numbers: readonly number[]): boolean[] {
  const [number] = numbers
  const allowed = (failed: boolean): boolean => {
    if (EQUALS.has(operator)) return numbers.some(each => each < 0 === failed)
    switch (operator) {
      case '<': return failed || number > 0
      case '<=': return failed || number >= 0
      case '>': return !failed || number < -1
      case '>=': return !failed || number < 0
      default: return true
    }
  }
  return [true, false].filter(allowed)
}

const EQUALS: ReadonlySet<string> = new Set(['=', 'in', 'intersects'])

function numbers(texts: readonly string[]): ReadonlySet<number> {
  return new Set(texts.map(text => Number(parseNumber('INT64', text))))
}
