import type { FieldName } from '../field/types.generated.js'
import { type Analyzer, defineAnalyzer } from './analyzer.js'
import { filterOf } from './folding.js'
import type { Unit } from './report.js'
import { addTo, emptySums, type KeyPart, largest, mergeSums, type Sums } from './sums.js'

export interface TopOptions {
  name: string
  about: string
  category: string
  filter?: string
  /** What is added up, and how that is called. */
  value: FieldName
  title: string
  unit: Unit
  /** By what: fields and the titles of their columns. */
  by: readonly (readonly [field: FieldName, title: string])[]
  /** The same where containers are to be told apart; without it there is nothing to tell apart. */
  byContainer?: TopOptions['by']
  /** How many rows, where nobody asks for another number. */
  top: number
}

/** An analyzer that adds a field up by others, and shows the largest sums. */
export function top({ byContainer, ...options }: TopOptions): Analyzer<Sums, readonly FieldName[]> {
  const alone = sums(options)
  return byContainer === undefined ? alone : { ...alone, withContainers: sums({ ...options, by: byContainer }) }
}

/** Only the events that end a call have it. Said in the filter, it spares looking at half of the events. */
const RESULT: FieldName = 'evt.rawarg.res'

function sums({ value, title, unit, by, top, filter, ...rest }: TopOptions): Analyzer<Sums, readonly FieldName[]> {
  const key: KeyPart[] = []
  const asked = filterOf({ ...filter !== undefined && { filter } }, {}, value === RESULT ? 'evt.dir = <' : undefined)
  return defineAnalyzer<Sums, readonly FieldName[]>({
    ...rest,
    ...asked !== undefined && { filter: asked },
    fields: [value, ...by.map(([field]) => field)],
    columns: [{ name: value, title, unit }, ...by.map(([name, title]) => ({ name, title }))],
    start: ({ maxKeys }) => emptySums(maxKeys),
    event(sums, ev, fields) {
      const amount = Number(fields[0](ev) ?? 0)
      if (!(amount > 0)) return
      for (let i = 1; i < fields.length; i++) {
        const part = fields[i](ev)
        if (part === undefined) return
        key[i - 1] = part as KeyPart
      }
      addTo(sums, key, amount)
    },
    merge: mergeSums,
    report: (sums, { rows = top }) => ({ rows: largest(sums, rows), cut: sums.cut }),
  })
}
