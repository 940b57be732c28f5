import { type Analyzer, defineAnalyzer, type Getters } from '../analyze/analyzer.js'
import type { Cell } from '../analyze/report.js'
import type { Event } from '../event/event.js'
import type { FieldName } from '../field/types.generated.js'
import { columnsOf, type View } from './view.js'

/** Rows by what tells them apart, and their number, which is bounded. */
export interface Table {
  readonly lines: Map<Cell, Line>
  readonly maxKeys: number
  /** Events that would have needed a row more. */
  cut: number
}

/** A row: its sums, in the order of the measures, and what it says of itself. */
interface Line {
  events: number
  readonly sums: number[]
  /** Key and labels; the labels are those of the row's first event. */
  readonly texts: readonly Cell[]
}

/** The analyzer behind a view: several sums for each key, in one pass. */
export function tableOf(view: View): Analyzer<Table, readonly FieldName[]> {
  const { name, about, filter, key, labels, measures } = view
  const parts = [...key, ...labels].map(({ field }) => field)
  const io = measures.map(measure => measure.io === true)
  return defineAnalyzer<Table, readonly FieldName[]>({
    name, about, filter,
    fields: [...parts, ...measures.map(({ field }) => field), 'evt.is_io'],
    columns: columnsOf(view),
    start: ({ maxKeys }) => ({ lines: new Map(), maxKeys, cut: 0 }),
    event(table, ev, fields) {
      const id = idOf(ev, fields, key.length)
      if (id === undefined) return
      let line = table.lines.get(id)
      if (line === undefined) {
        if (table.lines.size >= table.maxKeys) return void table.cut++
        line = { events: 0, sums: measures.map(() => 0), texts: parts.map((_, i) => fields[i](ev) as Cell) }
        table.lines.set(id, line)
      }
      line.events++
      const { sums } = line
      const isIo = fields[parts.length + sums.length](ev) === true
      for (let i = 0; i < sums.length; i++) if (isIo || !io[i]) sums[i] += Number(fields[parts.length + i](ev) ?? 0)
    },
    merge(into, from) {
      into.cut += from.cut
      for (const [id, { events, sums, texts }] of from.lines) {
        const line = into.lines.get(id)
        if (line !== undefined) {
          line.events += events
          for (let i = 0; i < sums.length; i++) line.sums[i] += sums[i]
        } else if (into.lines.size < into.maxKeys) {
          into.lines.set(id, { events, sums: [...sums], texts })
        } else {
          into.cut += events
        }
      }
    },
    report: ({ lines, cut }) => ({ rows: Array.from(lines.values(), ({ sums, texts }) => [...sums, ...texts]), cut }),
  })
}

/** A key of one part is its own; of those with several every part has to be there. */
function idOf(ev: Event, fields: Getters<readonly FieldName[]>, parts: number): Cell {
  const first = fields[0](ev) as Cell
  if (parts === 1 || first === undefined) return first
  let id = String(first)
  for (let i = 1; i < parts; i++) {
    const part = fields[i](ev)
    if (part === undefined) return undefined
    id += `\0${String(part)}`
  }
  return id
}
