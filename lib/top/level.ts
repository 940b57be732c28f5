import type { Analyzer } from '../analyze/analyzer.js'
import type { Cell, Column, Row } from '../analyze/report.js'
import { events } from './events.js'
import { idOf, type Identity, type Slice } from './slice.js'
import { tableOf } from './table.js'
import { type View, type ViewName } from './view.js'
import { viewOf } from './views.js'

/** A view with what somebody chose in it: sorting, a row. Levels lie on one another when a row is looked into. */
export class Level {
  readonly name: ViewName
  /** Undefined: the events. */
  readonly view: View | undefined
  /** What the rows that were looked into have in common, as a filter, and for people. */
  readonly scope: readonly Scope[]
  readonly analyzer: Analyzer<any, any>
  readonly columns: readonly Column[]
  readonly identity: Identity
  /** Column that is sorted by; the largest first, of texts those that come first. */
  sort = 0
  reversed = false
  /** The row that the cursor is on, by what tells it apart; undefined: the first, of running events the last. */
  selected: Cell

  constructor(name: ViewName, scope: readonly Scope[]) {
    this.name = name
    this.scope = scope
    const view = this.view = viewOf(name)
    this.analyzer = view === undefined ? events() : tableOf(view)
    this.columns = this.analyzer.columns as readonly Column[]
    this.identity = view === undefined ? { at: 0, length: 1 } : { at: view.measures.length, length: view.key.length }
  }

  /** How many of the columns are numbers that are added up: they come first. */
  get measures(): number {
    return this.view?.measures.length ?? 0
  }

  /** Rows in the order that was chosen. Events are in theirs. */
  sorted({ rows }: Slice): readonly Row[] {
    if (this.view === undefined) return rows
    const { sort } = this
    const sign = this.reversed ? -1 : 1
    const largestFirst = sort < this.measures
    return [...rows].sort((a, b) => sign * (largestFirst ? compare(b[sort], a[sort]) : compare(a[sort], b[sort])) || compare(idOf(a, this.identity), idOf(b, this.identity)))
  }

  /** What a row's events have in common. */
  scopeOf(row: Row): Scope {
    const { at, length } = this.identity
    const columns = this.columns.slice(at, at + length)
    const named = row[this.columns.findIndex(({ name }) => name === 'proc.name')]
    return {
      filter: columns.map(({ name }, i) => `${name} = ${literal(row[at + i])}`).join(' and '),
      text: [...named === undefined ? [] : [named], ...row.slice(at, at + length)].join(' '),
    }
  }
}

export interface Scope {
  readonly filter: string
  readonly text: string
}

function compare(a: Cell, b: Cell): number {
  if (a === b) return 0
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1
  return a < b ? -1 : 1
}

/** A value as the filter language wants it. */
function literal(cell: Cell): string {
  if (typeof cell !== 'string') return String(cell)
  return `"${cell.replace(/["\\]/g, '\\$&').replace(/[\x00-\x1f\x7f]/g, char => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`
}
