import { EVENT_COUNT, eventInfo, syscallCodes, syscallNumber } from '../event/table.js'
import type { Table } from '../field/field.js'
import type { Following } from '../iface/following.js'
import type { Decision } from '../probe/decision.js'
import type { Tracepoint } from '../probe/options.js'
import { followed } from '../state/follow/index.js'
import { changesState } from '../state/follower.js'
import { syscallNames } from './eventnames.js'

const ALL_TABLES: ReadonlySet<Table> = new Set(['program', 'thread', 'call', 'fd', 'user', 'container', 'usage', 'traffic'])
const TRACEPOINTS: readonly Tracepoint[] = ['procexit', 'signaldeliver', 'switch', 'page_fault']

/**
 * What of a filter the kernel can decide: which calls, of which threads, and only those that failed. Calls that the state follows
 * from are exempt. Undefined where everything is wanted.
 */
export function decisionOf({ plan, tables = ALL_TABLES, stateEvents }: Pick<Following, 'plan' | 'tables' | 'stateEvents'>): Decision | undefined {
  if (plan === undefined) return undefined
  const state = followed(tables)
  if (stateEvents) for (let code = 0; code < EVENT_COUNT; code++) if (changesState(code)) state[code] = 1
  const { conditions: { pids, tids, comms, failed } } = plan
  const stateCalls = (odd: 0 | 1) => new Set(syscallNames().filter(name => {
    const codes = syscallCodes(syscallNumber(name)!)
    return codes !== undefined && codes.enter > 1 && state[codes.enter | odd] === 1
  }))
  // Where there are enter events, only they say which call an exit event ends, on which fd, and when it began.
  const asked = tables.has('fd') || tables.has('call') ? [...stateCalls(1), ...plan.syscalls.exit] : []
  return {
    enter: plan.syscalls.enter,
    exit: plan.syscalls.exit,
    // That a close has begun is to be known before it has ended.
    stateEnter: new Set([...[...stateCalls(0)].filter(name => stateEvents || name === 'close'), ...asked]),
    stateExit: stateCalls(1),
    exitOnly: plan.syscalls.enter.size === 0 && !stateEvents && !tables.has('call'),
    tracepoints: tracepoints(plan.types),
    stateTracepoints: tracepoints(state),
    ...(pids && { pids }),
    ...(tids && { tids }),
    ...(comms && { comms }),
    failedOnly: failed !== undefined && failed.size === 1 && failed.has(true),
  }
}

function tracepoints(codes: Uint8Array): ReadonlySet<Tracepoint> {
  const names = new Set<string>()
  for (let code = 0; code < EVENT_COUNT; code += 2) if (codes[code] === 1) names.add(eventInfo(code)!.name)
  return new Set(TRACEPOINTS.filter(name => names.has(name)))
}
