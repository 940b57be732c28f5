import type { Event } from '../event/event.js'
import type { FieldName } from '../field/types.generated.js'
import { type Analyzer, type ArgumentValues, defineAnalyzer, type Getters } from './analyzer.js'
import type { Column, Row } from './report.js'

/** Rows with their time, as they were met. */
export interface Lines {
  lines: Line[]
  args: ArgumentValues
  maxKeys: number
  cut: number
}

interface Line {
  hi: number
  lo: number
  row: Row
}

export interface LinesOptions<F extends readonly FieldName[]> extends Pick<Analyzer<Lines>, 'name' | 'about' | 'category' | 'filter' | 'args' | 'key' | 'module' | 'liveOnly' | 'tables'> {
  columns: readonly Column[]
  fields: F
  /** The row of an event; undefined where it has none. The first column is the event's time, and not part of it. */
  row(ev: Event, fields: Getters<F>, args: ArgumentValues): Row | undefined
}

const TIME: Column = { name: 'evt.rawtime', title: 'Time', unit: 'time' }

/** An analyzer that tells of events one by one, in the order of time. */
export function lines<const F extends readonly FieldName[]>({ row, columns, ...rest }: LinesOptions<F>): Analyzer<Lines, F> {
  return defineAnalyzer<Lines, F>({
    ...rest,
    streams: true,
    columns: [TIME, ...columns],
    start: ({ maxKeys, args }) => ({ lines: [], args, maxKeys, cut: 0 }),
    event(state, ev, fields) {
      const cells = row(ev, fields, state.args)
      if (cells !== undefined) addLine(state, ev, cells)
    },
    merge(into, from) {
      into.cut += from.cut
      for (const line of from.lines) {
        if (into.lines.length < into.maxKeys) into.lines.push(line)
        else into.cut++
      }
    },
    report({ lines, cut }) {
      const inOrder = lines.sort((a, b) => a.hi - b.hi || a.lo - b.lo)
      return { rows: inOrder.map(({ hi, lo, row }) => [(BigInt(hi) << 32n) | BigInt(lo), ...row]), cut }
    },
  })
}

/** Adds a row of this event, behind its time. */
export function addLine(state: Lines, ev: Event, row: Row): void {
  if (state.lines.length >= state.maxKeys) state.cut++
  else state.lines.push({ hi: ev.tsHi, lo: ev.tsLo, row })
}
