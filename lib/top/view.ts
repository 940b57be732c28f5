import type { Column, Unit } from '../analyze/report.js'
import type { FieldName } from '../field/types.generated.js'

/** What is shown in a column, from which field it comes, and how many characters it is given. */
export interface Part {
  readonly field: FieldName
  readonly title: string
  /** Characters; of text that is longer only the beginning is shown. Without one what is left of the line. */
  readonly width?: number
}

/** A part that numbers of all events of a row are added up in. */
export interface Measure {
  readonly field: FieldName
  readonly title: string
  readonly unit: Unit
  /** Only of calls that read or write: evt.buflen also has what others return, as dup its fd. */
  readonly io?: true
}

/** A table of sysring top: what its rows are, what is counted of them, and where Enter leads. */
export interface View {
  readonly name: ViewName
  /** For the help. */
  readonly about: string
  /** Which events it looks at. */
  readonly filter: string
  /** What tells rows apart. A filter made of it asks for the events of one row. */
  readonly key: readonly Part[]
  /** What is known of a row beside. */
  readonly labels: readonly Part[]
  /** The first one is sorted by until somebody chooses another. */
  readonly measures: readonly Measure[]
  /** The view that shows what a row consists of. */
  readonly next: ViewName
}

export type ViewName = 'processes' | 'threads' | 'connections' | 'files' | 'containers' | 'syscalls' | 'errors' | 'events'

/** The columns of a view's rows, in the order of their cells: measures, key, labels. */
export function columnsOf({ key, labels, measures }: View): readonly Column[] {
  return [
    ...measures.map(({ field, title, unit }) => ({ name: field, title, unit })),
    ...[...key, ...labels].map(({ field, title }) => ({ name: field, title })),
  ]
}
