import { defineAnalyzer } from '../analyzer.js'

/** What went over the wire for one process: packets and bytes that came in, that went out, and of which neither is known. */
interface Wire {
  /** What it was called last, and when that was, in ns. */
  name: string
  namedAt: number
  packets: Record<Way, number>
  bytes: Record<Way, number>
}

type Way = 'in' | 'out' | 'unknown'
const WAYS: readonly Way[] = ['in', 'out', 'unknown']

interface State {
  processes: Map<number, Wire>
  maxKeys: number
  cut: number
}

/** For packets that are of no process that is known, as sysdig writes it. */
const NOBODY = { pid: -1, comm: '<NA>', direction: 'unknown' } as const
const TOP = 100

export default defineAnalyzer<State>({
  name: 'topprocs_packets',
  about: 'Processes by bytes of packets on the wire, headers and all: of sysdig and a network interface together',
  category: 'Net',
  columns: [
    { name: 'bytes', title: 'Bytes', unit: 'bytes' }, { name: 'in', title: 'In', unit: 'bytes' }, { name: 'out', title: 'Out', unit: 'bytes' },
    { name: 'packets', title: 'Packets', unit: 'count' }, { name: 'packets_in', title: 'In', unit: 'count' }, { name: 'packets_out', title: 'Out', unit: 'count' },
    { name: 'proc.name', title: 'Process' }, { name: 'proc.pid', title: 'PID' },
  ],
  start: ({ maxKeys }) => ({ processes: new Map(), maxKeys, cut: 0 }),
  /** Where both ends are on this machine the packet is one of both: sent by the one, received by the other. */
  packet(state, ev) {
    const { len, process, peer } = ev
    const at = ev.tsHi * 2 ** 32 + ev.tsLo
    for (const end of [process ?? NOBODY, peer]) if (end !== undefined) add(of(state, end.pid, end.comm, at), end.direction, 1, len, state)
  },
  merge(into, from) {
    into.cut += from.cut
    for (const [pid, { name, namedAt, packets, bytes }] of from.processes) {
      const wire = of(into, pid, name, namedAt)
      for (const way of WAYS) add(wire, way, packets[way], bytes[way], into)
    }
  },
  report(state, { rows: most = TOP }) {
    const sum = (of: Record<Way, number>) => of.in + of.out + of.unknown
    const rows = [...state.processes].map(([pid, { name, packets, bytes }]) => [sum(bytes), bytes.in, bytes.out, sum(packets), packets.in, packets.out, name, pid] as const)
    return { rows: rows.sort((a, b) => b[0] - a[0] || a[7] - b[7]).slice(0, most), cut: state.cut }
  },
})

function add(wire: Wire | undefined, way: Way, packets: number, bytes: number, state: State): void {
  if (wire === undefined) {
    state.cut += packets
    return
  }
  wire.packets[way] += packets
  wire.bytes[way] += bytes
}

/** What is known of a process; undefined where there are too many. */
function of({ processes, maxKeys }: State, pid: number, name: string, namedAt: number): Wire | undefined {
  let wire = processes.get(pid)
  if (wire === undefined && processes.size < maxKeys) {
    processes.set(pid, wire = { name, namedAt, packets: { in: 0, out: 0, unknown: 0 }, bytes: { in: 0, out: 0, unknown: 0 } })
  }
  if (wire !== undefined && namedAt > wire.namedAt) {
    wire.name = name
    wire.namedAt = namedAt
  }
  return wire
}
