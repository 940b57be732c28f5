import type { Direction } from '../event/record.js'
import { EVENT_COUNT } from '../event/table.js'
import type { Table } from '../field/field.js'
import type { Filter } from './ast.js'
import { type Bound, bind, checksOf, NEVER, simplify } from './bind.js'
import { calls } from './calls.js'
import { type Conditions, conditionsOf } from './conditions.js'
import { type Kind, restOf, restsOf } from './decide.js'
import type { Fields } from './resolve.js'

/** What a filter means before an event is read. Everything in it is necessary, nothing is enough. */
export interface Plan {
  /** By event code, 0 … EVENT_COUNT − 1: 1 where the filter can be true. Generic events (0, 1) stand for all their calls. */
  readonly types: Uint8Array
  /** The system calls (x86_64) whose enter and whose exit event it can be true for. */
  readonly syscalls: { readonly enter: ReadonlySet<string>; readonly exit: ReadonlySet<string> }
  /** For each event type alike; those of single types are narrower. */
  readonly conditions: Conditions
  /** What of the state its fields look at. */
  readonly needs: ReadonlySet<Table>
  /** Is the type alone enough to decide it, for every type? */
  readonly byTypeAlone: boolean
}

/** @throws FilterError */
export function plan(filter: Filter, fields: Fields): Plan {
  return planOf(bind(filter, fields))
}

/** @see plan. `rests`: what is left of it for each event code. */
export function planOf(bound: Bound, rests = restsOf(bound)): Plan {
  const types = Uint8Array.from({ length: EVENT_COUNT }, (_, code) => Number(rests[code].kind !== 'never'))
  const needs = new Set<Table>()
  for (const { left, right } of checksOf(simplify(bound, () => undefined))) {
    for (const table of [...left.needs, ...(right?.needs ?? [])]) needs.add(table)
  }
  // Files have no kernel that would ask.
  let syscalls: Plan['syscalls'] | undefined
  let conditions: Conditions | undefined
  return {
    types,
    get syscalls() {
      return (syscalls ??= callsOf(bound))
    },
    get conditions() {
      return (conditions ??= { ...conditionsOf({ kind: 'and', terms: [bound, possible(bound, rests)] }), ...directionsOf(types) })
    },
    needs,
    byTypeAlone: rests.every(({ kind }) => kind === 'always' || kind === 'never'),
  }
}

/** The filter as what is left of it for the types that it can be true for, which is narrower than the filter as it stands. */
function possible(bound: Bound, rests: readonly Bound[]): Bound {
  const left = new Set(rests.filter(rest => rest.kind !== 'never'))
  return checksOf(bound).length > MAX_CHECKS ? bound : left.size === 0 ? NEVER : { kind: 'or', terms: [...left] }
}

/** With more of them the types are not looked at one by one. */
const MAX_CHECKS = 500

function directionsOf(types: Uint8Array): Conditions {
  const enter = types.some((wanted, code) => wanted === 1 && (code & 1) === 0)
  const exit = types.some((wanted, code) => wanted === 1 && (code & 1) === 1)
  return enter && exit ? {} : { directions: new Set([...(enter ? ['enter' as const] : []), ...(exit ? ['exit' as const] : [])]) }
}

function callsOf(bound: Bound): Plan['syscalls'] {
  const isPossible = (kind: Kind) => restOf(bound, kind).kind !== 'never'
  const names = (direction: Direction) => new Set(calls().filter(call => call.kinds[direction].some(isPossible)).map(({ name }) => name))
  return { enter: names('enter'), exit: names('exit') }
}
