import * as registry from '../field/registry.js'
import { bind } from './bind.js'
import { compileBound } from './compile.js'
import { restsOf } from './decide.js'
import { parse } from './parse.js'
import { type Plan, planOf } from './plan.js'
import type { Predicate } from './predicate.js'
import type { Fields } from './resolve.js'

/** A filter that is ready to be used. */
export interface CompiledFilter {
  /** Does it let this event through? State has to have seen the event before. */
  readonly test: Predicate
  /** What can be left out before that. */
  readonly plan: Plan
}

/** Reads, checks and compiles a filter. @throws FilterError, which is a CaptureError ERR_CAPTURE_FILTER. */
export function compileFilter(text: string, fields: Fields = registry): CompiledFilter {
  const bound = bind(parse(text), fields)
  const rests = restsOf(bound)
  return { test: compileBound(bound, rests), plan: planOf(bound, rests) }
}
