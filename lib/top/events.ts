import { type Analyzer, defineAnalyzer } from '../analyze/analyzer.js'
import type { Row } from '../analyze/report.js'
import { TextBuffer } from '../event/textbuffer.js'
import type { FieldName } from '../field/types.generated.js'
import { compileFormat } from '../field/formatter.js'

/** Lines of events, each with its data. */
interface Lines {
  readonly rows: Row[]
  readonly maxKeys: number
  cut: number
}

/** Bytes of an event's data that are kept. */
const MAX_DATA = 4096
const FORMAT = '*%evt.outputtime %evt.cpu %proc.name (%thread.tid) %evt.dir %evt.type %evt.info'

/**
 * The events themselves, as `sysring dump` shows them; of each interval the first ones. Cells: number, line, data, one character
 * for each of its bytes.
 */
export function events(): Analyzer<Lines, readonly FieldName[]> {
  const format = compileFormat(FORMAT)
  const text = new TextBuffer()
  return defineAnalyzer<Lines, readonly FieldName[]>({
    name: 'events', about: 'The events themselves',
    streams: true,
    fields: ['evt.buffer'],
    columns: [{ name: 'evt.num', title: 'Number', unit: 'count' }, { name: 'line', title: 'Event' }, { name: 'evt.buffer', title: 'Data' }],
    start: ({ maxKeys }) => ({ rows: [], maxKeys, cut: 0 }),
    event(state, ev, [buffer]) {
      if (state.rows.length >= state.maxKeys) return void state.cut++
      text.length = 0
      if (!format(text, ev)) return
      const data = buffer(ev) as Uint8Array | undefined
      state.rows.push([ev.num, Buffer.from(text.bytes.subarray(0, text.length)).toString(), data === undefined ? undefined : Buffer.from(data.subarray(0, MAX_DATA)).toString('latin1')])
    },
    merge(into, from) {
      into.cut += from.cut
      for (const row of from.rows) {
        if (into.rows.length < into.maxKeys) into.rows.push(row)
        else into.cut++
      }
    },
    report: ({ rows, cut }) => ({ rows, cut }),
  })
}
