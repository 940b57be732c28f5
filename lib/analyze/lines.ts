import type { Event } from '../event/event.js'
import type { FieldName } from '../field/types.generated.js'
import { type Analyzer, type ArgumentValues, defineAnalyzer, type Getters, type StartOptions } from './analyzer.js'
import { type Container, CONTAINER_COLUMNS, CONTAINER_FIELDS } from './containers.js'
import type { Column, Paint, Row } from './report.js'

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

export interface LinesOptions<F extends readonly FieldName[], M>
  extends Pick<Analyzer<Lines>, 'name' | 'about' | 'category' | 'filter' | 'args' | 'key' | 'module' | 'snaplen' | 'liveOnly' | 'tables'> {
  columns: readonly Column[]
  fields: F
  memory?(options: StartOptions): M
  /** The row of an event; undefined where it has none. The first column is the event's time, and not part of it. */
  row?(ev: Event, fields: Getters<F>, args: ArgumentValues, memory: M): Row | undefined
  /** In its place: the rows of an event that may have several. */
  rows?(ev: Event, fields: Getters<F>, args: ArgumentValues, memory: M): readonly Row[]
  /** The row with its time as people see it, where columns will not do; what it ran in, where containers are told apart. */
  text?(row: Row, paint: Paint, container?: Container): string
}

const TIME: Column = { name: 'evt.rawtime', title: 'Time', unit: 'time' }

/** An analyzer that tells of events one by one, in the order of time; where containers are told apart, of theirs behind the time. */
export function lines<const F extends readonly FieldName[], M = unknown>(options: LinesOptions<F, M>): Analyzer<Lines, F, M> {
  const { row, rows, columns, fields, text, ...rest } = options
  const found = rowsOf(options)
  return {
    ...telling(options),
    withContainers: telling({
      ...rest,
      columns: [...CONTAINER_COLUMNS, ...columns],
      fields: [...fields, ...CONTAINER_FIELDS],
      rows: (ev, getters, args, memory: M) => found(ev, getters as unknown as Getters<F>, args, memory)
        .map(cells => [...CONTAINER_FIELDS.map((_, i) => getters[fields.length + i](ev) as string), ...cells]),
      ...(text !== undefined && {
        text: ([time, id, name, ...cells]: Row, paint: Paint) => text([time, ...cells], paint, { id: String(id ?? ''), name: String(name ?? '') }),
      }),
    }),
  }
}

const NONE: readonly Row[] = []

function rowsOf<F extends readonly FieldName[], M>({ row, rows }: LinesOptions<F, M>): NonNullable<LinesOptions<F, M>['rows']> {
  return rows ?? ((ev, fields, args, memory) => {
    const cells = row!(ev, fields, args, memory)
    return cells === undefined ? NONE : [cells]
  })
}

function telling<F extends readonly FieldName[], M>(options: LinesOptions<F, M>): Analyzer<Lines, F, M> {
  const { row, rows, columns, text, ...rest } = options
  const found = rowsOf(options)
  return defineAnalyzer<Lines, F, M>({
    ...rest,
    streams: true,
    columns: [TIME, ...columns],
    start: ({ maxKeys, args }) => ({ lines: [], args, maxKeys, cut: 0 }),
    event(state, ev, fields, memory) {
      for (const row of found(ev, fields, state.args, memory)) {
        if (state.lines.length < state.maxKeys) state.lines.push({ hi: ev.tsHi, lo: ev.tsLo, row })
        else state.cut++
      }
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
    ...(text !== undefined && { text: (row: Row, paint: Paint) => text(row, paint) }),
  })
}
