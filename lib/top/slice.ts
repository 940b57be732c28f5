import type { Cell, Report, Row } from '../analyze/report.js'

/** What a report says, with its rows by what tells them apart. */
export interface Slice {
  readonly fromMs: number
  readonly toMs: number
  readonly events: number
  readonly cut: number
  readonly rows: readonly Row[]
  readonly byId: ReadonlyMap<Cell, Row>
}

/** Where in a row the cells are that tell it from others: from `at`, so many of them. */
export interface Identity {
  readonly at: number
  readonly length: number
}

export function sliceOf({ fromMs, toMs, events, cut, rows }: Pick<Report, 'fromMs' | 'toMs' | 'events' | 'cut' | 'rows'>, identity: Identity): Slice {
  return { fromMs, toMs, events, cut, rows, byId: new Map(rows.map(row => [idOf(row, identity), row])) }
}

/** The same for the same process, file …, whatever it did. */
export function idOf(row: Row, { at, length }: Identity): Cell {
  return length === 1 ? row[at] : row.slice(at, at + length).join('\0')
}
