import { type ArgumentValues, defineAnalyzer } from '../analyzer.js'
import type { Row } from '../report.js'

/** Calls of one kind. */
interface Calls {
  readonly of: Row
  count: number
  /** In ns: all together, and the longest. */
  time: number
  longest: number
}

interface State {
  byProcess: boolean
  calls: Map<string, Calls>
  maxKeys: number
  cut: number
}

const isByProcess = ({ by }: ArgumentValues) => by === 'process'
const showsTime = ({ what }: ArgumentValues) => what === 'latency'

export default defineAnalyzer({
  name: 'syscount',
  about: 'System calls that have returned: how many, and how long they took, by call or by process',
  category: 'Performance',
  filter: 'evt.dir = < and syscall.type exists',
  fields: ['syscall.type', 'proc.name', 'proc.pid', 'evt.latency'],
  args: [
    { name: 'by', about: 'syscall, or process', type: 'string', choices: ['syscall', 'process'], default: 'syscall' },
    { name: 'what', about: 'count, or latency: also how long they took, those with the most time first', type: 'string', choices: ['count', 'latency'], default: 'count' },
  ],
  columns: args => [
    ...isByProcess(args) ? [{ name: 'proc.pid', title: 'PID' }, { name: 'proc.name', title: 'Process' }] : [{ name: 'syscall.type', title: 'Syscall' }],
    { name: 'count', title: 'Count', unit: 'count' },
    ...showsTime(args) ? [{ name: 'time', title: 'Time', unit: 'ns' as const }, { name: 'average', title: 'Average', unit: 'ns' as const }, { name: 'longest', title: 'Longest', unit: 'ns' as const }] : [],
  ],
  start: ({ args, maxKeys }): State => ({ byProcess: isByProcess(args), calls: new Map(), maxKeys, cut: 0 }),
  event(state, ev, [type, name, pid, latency]) {
    const time = Number(latency(ev) ?? 0)
    const key = state.byProcess ? `${pid(ev)} ${name(ev)}` : type(ev)!
    add(state, key, state.calls.get(key) ?? { of: state.byProcess ? [pid(ev), name(ev)] : [key], count: 0, time: 0, longest: 0 }, 1, time, time)
  },
  merge(into, from) {
    into.cut += from.cut
    for (const [key, { of, count, time, longest }] of from.calls) add(into, key, into.calls.get(key) ?? { of, count: 0, time: 0, longest: 0 }, count, time, longest)
  },
  report({ calls, cut }, { args }) {
    const order = showsTime(args) ? 'time' : 'count'
    const sorted = [...calls].sort(([one, a], [other, b]) => b[order] - a[order] || (one < other ? -1 : 1))
    return { rows: sorted.map(([, { of, count, time, longest }]) => [...of, count, ...showsTime(args) ? [time, Math.round(time / count), longest] : []]), cut }
  },
})

function add(state: State, key: string, calls: Calls, count: number, time: number, longest: number): void {
  if (calls.count === 0) {
    if (state.calls.size >= state.maxKeys) {
      state.cut += count
      return
    }
    state.calls.set(key, calls)
  }
  calls.count += count
  calls.time += time
  calls.longest = Math.max(calls.longest, longest)
}
