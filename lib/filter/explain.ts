import { EVENT_COUNT, eventInfo } from '../event/table.js'
import type { Table } from '../field/field.js'
import * as registry from '../field/registry.js'
import { calls } from './calls.js'
import type { Check } from './ast.js'
import { type Bound, bind, checksOf, simplify } from './bind.js'
import { kinds } from './decide.js'
import { parse } from './parse.js'
import { planOf } from './plan.js'
import { print } from './print.js'
import type { Fields } from './resolve.js'

/** What becomes of a filter, as plain values: can be written as JSON. */
export interface Explanation {
  /** The filter in its canonical form. */
  filter: string
  /** What the kernel can be told, so that other events cost next to nothing; undefined: everything. */
  kernel: {
    /** System calls, where not all can match. */
    syscalls?: string[]
    directions?: string[]
    pids?: number[]
    tids?: number[]
    comms?: string[]
    failed?: boolean[]
  }
  /** The event types that are looked at, by name; undefined: all. */
  types?: string[]
  /** The comparisons that are evaluated in JavaScript, for each event that is left. */
  checks: string[]
  /** What of the state they need. */
  needs: Table[]
  /** Can it be true at all? */
  possible: boolean
}

/** Explains a filter. @throws FilterError */
export function explainFilter(text: string, fields: Fields = registry): Explanation {
  const filter = parse(text)
  const bound = bind(filter, fields)
  const { types, syscalls, conditions, needs } = planOf(bound)
  const wanted = new Set([...syscalls.enter, ...syscalls.exit])
  const count = types.reduce((sum, each) => sum + each, 0)
  const names = new Set<string>()
  for (let code = 2; code < EVENT_COUNT; code++) if (types[code] === 1 && eventInfo(code)!.name !== 'NA') names.add(eventInfo(code)!.name)
  const kernel: Explanation['kernel'] = {}
  if (wanted.size < calls().length) kernel.syscalls = [...wanted].sort()
  const { directions, pids, tids, comms, failed } = conditions
  if (directions !== undefined && directions.size < 2) kernel.directions = [...directions]
  if (pids !== undefined) kernel.pids = [...pids].sort((a, b) => a - b)
  if (tids !== undefined) kernel.tids = [...tids].sort((a, b) => a - b)
  if (comms !== undefined) kernel.comms = [...comms].sort()
  if (failed !== undefined) kernel.failed = [...failed]
  return {
    filter: print(filter.root),
    kernel,
    ...(count === EVENT_COUNT ? {} : { types: [...names].sort() }),
    checks: remaining(bound).map(check => print(check)),
    needs: [...needs],
    possible: count > 0,
  }
}

/** The same for people. */
export function explanationText({ filter, kernel, types, checks, needs, possible }: Explanation): string {
  const lines = [`filter      ${filter}`]
  if (!possible) return [...lines, 'result      no event can match'].join('\n')
  const told = Object.entries(kernel).map(([what, values]) => `${what} ${shortened(values as readonly unknown[])}`)
  lines.push(`kernel      ${told.length === 0 ? 'everything' : told.join('; ')}`)
  const ofTypes = types === undefined ? 'all types' : types.length === 0 ? 'system calls without an event of their own' : shortened(types)
  lines.push(`by type     ${ofTypes}`)
  lines.push(`javascript  ${checks.length === 0 ? 'nothing is left to compare' : checks.join('\n            ')}`)
  lines.push(`state       ${needs.length === 0 ? 'none' : needs.join(', ')}`)
  return lines.join('\n')
}

const SHOWN = 12

function shortened(values: readonly unknown[]): string {
  if (values.length === 0) return 'none'
  return values.length <= SHOWN ? values.join(', ') : `${values.slice(0, SHOWN).join(', ')} … (${values.length})`
}

/** The checks that some type that passes does not decide. */
function remaining(bound: Bound): Check[] {
  const generic = calls().flatMap(call => [...call.kinds.enter, ...call.kinds.exit]).filter(({ code }) => code < 2)
  const left = new Set<Check>()
  for (const kind of [...kinds().slice(2), ...generic]) {
    for (const { check } of checksOf(simplify(bound, each => kind.decide(each)))) left.add(check)
  }
  return checksOf(bound).map(({ check }) => check).filter(check => left.has(check))
}
