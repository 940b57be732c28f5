import { defineAnalyzer } from '../analyzer.js'
import type { Row } from '../report.js'

/** Bytes of one process. */
export interface Traffic {
  /** What it was called last, and when that was, in ns. */
  name: string
  namedAt: number
  in: number
  out: number
}

export interface State {
  processes: Map<number, Traffic>
  maxKeys: number
  cut: number
}

/**
 * Who loads the network: bytes in and out of each process over IPv4 and IPv6, since the beginning, in the interval, and the difference to the
 * interval before.
 */
export default defineAnalyzer({
  name: 'proctraffic',
  about: 'Bytes in and out over IPv4 and IPv6 of each process, in all, in each interval, and how that changes',
  category: 'Net',
  filter: '(fd.type = ipv4 or fd.type = ipv6) and evt.is_io = true and evt.dir = <',
  fields: ['proc.name', 'proc.pid', 'evt.rawarg.res', 'evt.is_io_read'],
  args: [{ name: 'seconds', about: 'length of an interval in seconds', type: 'number', min: 0.001 }],
  everyMs: ({ seconds }) => Number(seconds) * 1000,
  remembers: true,
  logged: true,
  columns: [
    { name: 'pid', title: 'PID' }, { name: 'process', title: 'Process' }, { name: 'in', title: 'In', unit: 'bytes', over: 'run' }, { name: 'out', title: 'Out', unit: 'bytes', over: 'run' },
    { name: 'last_in', title: 'LastIn', unit: 'bytes', over: 'moment' }, { name: 'last_out', title: 'LastOut', unit: 'bytes', over: 'moment' },
    { name: 'diff_last', title: 'DiffLast', unit: 'bytes', over: 'moment' },
  ],
  start: ({ maxKeys }): State => ({ processes: new Map(), maxKeys, cut: 0 }),
  event(state, ev, [name, pid, res, isRead]) {
    const amount = Number(res(ev) ?? 0)
    const id = Number(pid(ev) ?? -1)
    if (!(amount > 0) || id < 0) return
    const traffic = of(state, id, name(ev) ?? '', ev.tsHi * 2 ** 32 + ev.tsLo)
    if (traffic === undefined) state.cut++
    else if (isRead(ev) === true) traffic.in += amount
    else traffic.out += amount
  },
  merge(into, from) {
    into.cut += from.cut
    for (const [pid, { name, namedAt, in: received, out }] of from.processes) {
      const traffic = of(into, pid, name, namedAt)
      if (traffic === undefined) {
        into.cut++
        continue
      }
      traffic.in += received
      traffic.out += out
    }
  },
  report(state, { total, before }) {
    const rows: Row[] = []
    for (const [pid, all] of total.processes) {
      const last = bytesOf(state.processes.get(pid))
      const then = bytesOf(before?.processes.get(pid))
      rows.push([pid, all.name, all.in, all.out, last.in, last.out, last.in + last.out - then.in - then.out])
    }
    const sum = ([, , received, sent]: Row) => Number(received) + Number(sent)
    return { rows: rows.sort((a, b) => sum(b) - sum(a) || Number(a[0]) - Number(b[0])), cut: state.cut }
  },
})

/** What is known of a process; undefined where there are too many. */
function of({ processes, maxKeys }: State, pid: number, name: string, namedAt: number): Traffic | undefined {
  let traffic = processes.get(pid)
  if (traffic === undefined && processes.size < maxKeys) processes.set(pid, traffic = { name, namedAt, in: 0, out: 0 })
  if (traffic !== undefined && namedAt > traffic.namedAt) {
    traffic.name = name
    traffic.namedAt = namedAt
  }
  return traffic
}

function bytesOf(traffic: Traffic | undefined): { in: number; out: number } {
  return traffic ?? { in: 0, out: 0 }
}
