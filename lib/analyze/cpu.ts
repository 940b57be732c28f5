import type { FieldName } from '../field/types.generated.js'
import { type Analyzer, defineAnalyzer } from './analyzer.js'
import { addTo, emptySums, type KeyPart, largest, mergeSums, type Sums } from './sums.js'

export interface CpuOptions {
  name: string
  about: string
  /** By what: fields and the titles of their columns. */
  by: readonly (readonly [field: FieldName, title: string])[]
  /** The same where containers are to be told apart. */
  byContainer?: CpuOptions['by']
}

/** ns on a CPU, by what was asked for. */
export interface State {
  /** As procinfo events tell it: in the captures of sysdig there is one for each thread, once a second. */
  told: Sums
  /** As the switches of threads tell it, each of the thread that leaves its CPU. Exact, and what our own captures have. */
  switched: Sums
  /** The first and the last event's time, in ns since the epoch. */
  first: number
  last: number
}

const TOP = 10
/** What thread.cpu calls one percent: of a second, in ns. */
const PERCENT = 1e7
const WORD = 2 ** 32

/**
 * An analyzer of CPU time, in percent of one CPU. It counts procinfo events where there are any, as the chisel does; live, and in files without
 * them, switches of threads. What a thread runs counts when it leaves its CPU, and one that nobody else wants the CPU of may keep it for long.
 */
export function cpu({ byContainer, ...options }: CpuOptions): Analyzer<State, readonly FieldName[]> {
  const alone = usage(options)
  return byContainer === undefined ? alone : { ...alone, withContainers: usage({ ...options, by: byContainer }) }
}

function usage({ name, about, by }: CpuOptions): Analyzer<State, readonly FieldName[]> {
  return defineAnalyzer<State, readonly FieldName[]>({
    name, about,
    category: 'CPU Usage',
    filter: 'evt.type in (procinfo, switch)',
    tracepoints: ['switch'],
    fields: ['thread.cpu', 'thread.exectime', ...by.map(([field]) => field)],
    undivided: true, // a CPU's switches are of many threads
    columns: [{ name: 'cpu', title: 'CPU%', unit: 'percent' }, ...by.map(([name, title]) => ({ name, title }))],
    start: ({ maxKeys }) => ({ told: emptySums(maxKeys), switched: emptySums(maxKeys), first: Infinity, last: -Infinity }),
    event(state, ev, [cpu, exectime, ...by]) {
      const ns = ev.tsHi * WORD + ev.tsLo
      state.first = Math.min(state.first, ns)
      state.last = Math.max(state.last, ns)
      const percent = cpu(ev)
      const ran = Number(exectime(ev) ?? 0)
      if ((percent === undefined && ran === 0) || ev.tid === 0) return
      const key = by.map(field => field(ev))
      if (!key.every(part => part !== undefined)) return
      if (percent === undefined) addTo(state.switched, key as KeyPart[], ran)
      else addTo(state.told, key as KeyPart[], Number(percent) * PERCENT)
    },
    merge(into, from) {
      mergeSums(into.told, from.told)
      mergeSums(into.switched, from.switched)
      into.first = Math.min(into.first, from.first)
      into.last = Math.max(into.last, from.last)
    },
    report({ told, switched, first, last }, { fromMs, interval }) {
      const sums = told.keys > 0 ? told : switched
      // The first interval has begun before the capture, and the last one may go on after it.
      const ns = last - (interval === 0 ? first : fromMs * 1e6)
      return { rows: largest(sums, TOP).map(([sum, ...key]) => [ns > 0 ? Number(sum) / ns * 100 : 0, ...key]), cut: sums.cut }
    },
  })
}
