import type { Event } from '../event/event.js'
import type { FieldName } from '../field/types.generated.js'
import { type Analyzer, defineAnalyzer, type Getters } from './analyzer.js'
import type { Entries } from './entries.js'
import type { Column, Row } from './report.js'

/** Rows in the order in which they came, by what no two of them have in common. */
export interface Listed {
  rows: Map<string | number, Row>
  maxKeys: number
  cut: number
}

export interface ListingOptions<F extends readonly FieldName[]> extends Pick<Analyzer<Listed>, 'name' | 'about' | 'filter'> {
  entries: Entries
  columns: readonly Column[]
  fields: F
  /** Of entries with the same key the first has a row. Undefined: each has. */
  key?(entry: Event): string | number
  /** The row of an entry; undefined where it has none. */
  row(entry: Event, fields: Getters<F>): Row | undefined
}

/** An analyzer that shows the tables of the machine. */
export function listing<const F extends readonly FieldName[]>({ row, key = ({ num }) => num, ...rest }: ListingOptions<F>): Analyzer<Listed, F> {
  return defineAnalyzer<Listed, F>({
    ...rest,
    category: 'System State',
    start: ({ maxKeys }) => ({ rows: new Map(), maxKeys, cut: 0 }),
    event(state, entry, fields) {
      const { rows, maxKeys } = state
      const at = key(entry)
      if (rows.has(at)) return
      const cells = row(entry, fields)
      if (cells === undefined) return
      if (rows.size < maxKeys) rows.set(at, cells)
      else state.cut++
    },
    merge(into, from) {
      into.cut += from.cut
      for (const [at, cells] of from.rows) into.rows.set(at, cells)
    },
    report: ({ rows, cut }) => ({ rows: [...rows.values()], cut }),
  })
}
