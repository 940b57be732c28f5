import type { Event } from '../event/event.js'
import { EVENT_COUNT } from '../event/table.js'
import type { Filter } from './ast.js'
import { type Bound, bind, checksOf, simplify } from './bind.js'
import type { BoundCheck } from './check.js'
import { restsOf } from './decide.js'
import type { Predicate } from './predicate.js'
import type { Fields } from './resolve.js'

/**
 * The filter as a function of an event. It looks at the event's type first, and evaluates then only what is left to be known
 * of events of that type. It allocates nothing itself; what it is asked of an event has to be there already (State.update).
 *
 * @throws FilterError where a field, an operator or a value does not fit.
 */
export function compile(filter: Filter, fields: Fields): Predicate {
  return compileBound(bind(filter, fields))
}

/** From so many checks on a filter is not made anew for each event type: that would be millions of steps. */
const MAX_SPECIALIZED = 500

/** @see compile. `rests`: what is left of it for each event code. */
export function compileBound(bound: Bound, rests = restsOf(bound)): Predicate {
  const checks = checksOf(bound)
  const general = predicate(simplify(bound, () => undefined))
  if (checks.length > MAX_SPECIALIZED) return general

  // Most types share what is left; the same rest is compiled once.
  const index = new Map<BoundCheck['check'], number>(checks.map(({ check }, i) => [check, i]))
  const predicates = new Map<string, Predicate>()
  const byType: Predicate[] = rests.map(rest => {
    const key = keyOf(rest, index)
    const known = predicates.get(key) ?? predicate(rest)
    predicates.set(key, known)
    return known
  })
  if (predicates.size === 1) return byType[0]
  const only = predicates.size === 2 && predicates.has('never') ? byType.find(each => each !== NEVER_TRUE) : undefined
  if (only === undefined) {
    return ev => {
      const { type } = ev
      return type < EVENT_COUNT ? byType[type](ev) : general(ev)
    }
  }
  const mask = Uint8Array.from(byType, each => Number(each === only))
  return ev => {
    const { type } = ev
    return type < EVENT_COUNT ? mask[type] === 1 && only(ev) : general(ev)
  }
}

function keyOf(bound: Bound, index: ReadonlyMap<BoundCheck['check'], number>): string {
  switch (bound.kind) {
    case 'check': return `${index.get(bound.check)}`
    case 'not': return `!${keyOf(bound.term, index)}`
    case 'and': case 'or': return `(${bound.terms.map(term => keyOf(term, index)).join(bound.kind === 'and' ? '&' : '|')})`
    default: return bound.kind
  }
}

const ALWAYS_TRUE: Predicate = () => true
const NEVER_TRUE: Predicate = () => false

function predicate(bound: Bound): Predicate {
  switch (bound.kind) {
    case 'always': return ALWAYS_TRUE
    case 'never': return NEVER_TRUE
    case 'check': return bound.test
    case 'not': {
      const term = predicate(bound.term)
      return ev => !term(ev)
    }
    case 'and': return all(cheapFirst(bound.terms).map(predicate))
    case 'or': return any(cheapFirst(bound.terms).map(predicate))
  }
}

/** In the record's header, or one comparison away. */
const CHEAP: ReadonlySet<string> = new Set([
  'evt.type', 'evt.dir', 'evt.cpu', 'evt.num', 'evt.failed', 'evt.rawres', 'evt.is_io', 'thread.tid', 'proc.pid', 'fd.num',
])
/** They are long, or have to be put together. */
const DEAR: ReadonlySet<string> = new Set(['evt.buffer', 'evt.args', 'evt.info'])
/** Counts how often it was asked: then the order matters. */
const COUNTS = 'util.cnt'

/** Whatever the order, the result is the same: checks have no effects. Terms that cost the same stay as they were written. */
function cheapFirst(terms: readonly Bound[]): readonly Bound[] {
  if (terms.some(term => checksOf(term).some(({ left, right }) => left.field.name === COUNTS || right?.field.name === COUNTS))) return terms
  return terms.map(term => ({ term, cost: costOf(term) })).sort((a, b) => a.cost - b.cost).map(({ term }) => term)
}

/** Of one evaluation, in steps that are about alike. */
function costOf(bound: Bound): number {
  switch (bound.kind) {
    case 'check': {
      const { left, right, check } = bound
      const { name } = left.field
      const field = CHEAP.has(name) && !left.transformed ? 0 : DEAR.has(name) ? 8 : 2
      return field + (right === undefined ? 0 : 2) + (SEARCHES.has(check.operator) ? 2 : 0)
    }
    case 'not': return costOf(bound.term)
    case 'and': case 'or': return bound.terms.reduce((sum, term) => sum + costOf(term), 0)
    default: return 0
  }
}

const SEARCHES: ReadonlySet<string> = new Set(['contains', 'icontains', 'bcontains', 'glob', 'iglob', 'regex', 'pmatch'])

// Two to four terms are most filters there are; calls without a loop around them are about twice as fast.
function all(terms: readonly Predicate[]): Predicate {
  const [a, b, c, d] = terms
  switch (terms.length) {
    case 1: return a
    case 2: return ev => a(ev) && b(ev)
    case 3: return ev => a(ev) && b(ev) && c(ev)
    case 4: return ev => a(ev) && b(ev) && c(ev) && d(ev)
    default: return (ev: Event) => {
      for (const term of terms) if (!term(ev)) return false
      return true
    }
  }
}

function any(terms: readonly Predicate[]): Predicate {
  const [a, b, c, d] = terms
  switch (terms.length) {
    case 1: return a
    case 2: return ev => a(ev) || b(ev)
    case 3: return ev => a(ev) || b(ev) || c(ev)
    case 4: return ev => a(ev) || b(ev) || c(ev) || d(ev)
    default: return (ev: Event) => {
      for (const term of terms) if (term(ev)) return true
      return false
    }
  }
}
