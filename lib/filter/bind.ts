import type { Expression, Filter } from './ast.js'
import { type BoundCheck, bindCheck } from './check.js'
import type { Fields } from './resolve.js'

/** An expression whose checks have found their fields. */
export type Bound =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Bound[] }
  | { readonly kind: 'not'; readonly term: Bound }
  | ({ readonly kind: 'check' } & BoundCheck)
  | { readonly kind: 'always' | 'never' }

export const ALWAYS: Bound = { kind: 'always' }
export const NEVER: Bound = { kind: 'never' }

/** Finds all fields of a filter. @throws FilterError */
export function bind(filter: Filter, fields: Fields): Bound {
  const go = (expression: Expression): Bound => {
    switch (expression.kind) {
      case 'check': return { kind: 'check', ...bindCheck(expression, filter, fields) }
      case 'not': return { kind: 'not', term: go(expression.term) }
      default: return { kind: expression.kind, terms: expression.terms.map(go) }
    }
  }
  return go(filter.root)
}

/** The checks of an expression, from left to right. */
export function checksOf(bound: Bound): BoundCheck[] {
  switch (bound.kind) {
    case 'check': return [bound]
    case 'not': return checksOf(bound.term)
    case 'and': case 'or': return bound.terms.flatMap(checksOf)
    default: return []
  }
}

/**
 * What is left of an expression when `decide` knows some of its checks: constants go, and chains within chains are one.
 */
export function simplify(bound: Bound, decide: (check: BoundCheck) => boolean | undefined): Bound {
  switch (bound.kind) {
    case 'check': {
      const known = decide(bound)
      return known === undefined ? bound : known ? ALWAYS : NEVER
    }
    case 'not': {
      const term = simplify(bound.term, decide)
      if (term.kind === 'always') return NEVER
      if (term.kind === 'never') return ALWAYS
      return term.kind === 'not' ? term.term : { kind: 'not', term }
    }
    case 'and': case 'or': {
      const [neutral, decisive] = bound.kind === 'and' ? [ALWAYS, NEVER] : [NEVER, ALWAYS]
      const terms: Bound[] = []
      for (const each of bound.terms) {
        const term = simplify(each, decide)
        if (term.kind === decisive.kind) return decisive
        if (term.kind === neutral.kind) continue
        if (term.kind === bound.kind) terms.push(...term.terms)
        else terms.push(term)
      }
      return terms.length === 0 ? neutral : terms.length === 1 ? terms[0] : { kind: bound.kind, terms }
    }
    default: return bound
  }
}

