import { defineAnalyzer } from '../analyzer.js'
import type { Row } from '../report.js'

/** How many calls are told of. */
const TOP = 10

interface Call {
  latency: number
  /** The events that began and ended it, each a row; of some the first was not seen. */
  enter: Row | undefined
  exit: Row
}

export interface State {
  /** By tid: the last event that was no end of a call. */
  begun: Map<number, Row>
  /** The slowest first; of equal ones, the one that ended first. */
  slowest: Call[]
  maxKeys: number
  cut: number
}

/** Each of the slowest calls as two rows: how it began, and how it ended. */
export default defineAnalyzer({
  name: 'bottlenecks',
  about: 'The ten system calls that took longest, with their arguments',
  category: 'Performance',
  filter: 'evt.type != switch',
  fields: ['evt.latency', 'proc.name', 'evt.type', 'evt.args'],
  undivided: true,
  whole: true,
  columns: [
    { name: 'evt.num', title: 'Event' }, { name: 'evt.latency', title: 'Time', unit: 'ns' }, { name: 'proc.name', title: 'Process' },
    { name: 'thread.tid', title: 'TID' }, { name: 'evt.dir', title: 'Dir' }, { name: 'evt.type', title: 'Call' }, { name: 'evt.args', title: 'Args' },
  ],
  start: ({ maxKeys }): State => ({ begun: new Map(), slowest: [], maxKeys, cut: 0 }),
  event(state, ev, [latency, process, call, args]) {
    const took = latency(ev)
    if (took === undefined) return
    const ns = Number(took)
    const { tid, num } = ev
    const { begun, slowest } = state
    if (ns > 0 && slowest.length === TOP && ns <= slowest[TOP - 1].latency) return
    const row = [num, ns, process(ev) ?? '', tid, ns === 0 ? '>' : '<', call(ev), args(ev) ?? '']
    if (ns > 0) insert(slowest, { latency: ns, enter: begun.get(tid), exit: row })
    else if (begun.size < state.maxKeys || begun.has(tid)) begun.set(tid, row)
    else state.cut++
  },
  merge(into, from) {
    into.cut += from.cut
    for (const call of from.slowest) insert(into.slowest, call)
  },
  report: ({ slowest, cut }) => ({ rows: slowest.flatMap(({ enter, exit }) => (enter === undefined ? [exit] : [enter, exit])), cut }),
})

/** In its place, if it is among the slowest. */
function insert(slowest: Call[], call: Call): void {
  const at = slowest.findIndex(({ latency }) => call.latency > latency)
  slowest.splice(at === -1 ? slowest.length : at, 0, call)
  slowest.length = Math.min(slowest.length, TOP)
}
