import type { Analyzer } from './analyzer.js'
import { DATA_FIELDS, dataColumns, textual } from './data.js'
import { type Lines, lines } from './lines.js'

/** An analyzer that shows what processes read and write over an fd that every process has. */
export function stdio(name: string, about: string, fd: 0 | 1 | 2): Analyzer<Lines, any> {
  return lines({
    name, about,
    category: 'I/O',
    filter: `fd.num = ${fd} and evt.is_io = true`,
    snaplen: 2000,
    fields: DATA_FIELDS,
    columns: dataColumns('File'),
    row(ev, [buffer, process, file, isRead, res]) {
      const data = buffer(ev)
      return data === undefined ? undefined : [process(ev), file(ev), isRead(ev) === true ? 'read' : 'write', Number(res(ev)), textual(data)]
    },
    text(row, paint, container) {
      const data = String(row[5])
      if (container === undefined) return data
      return paint(container.id === 'host' ? 'green' : 'blue', [container.id, container.name].map(text => text.slice(0, 20).padEnd(20)).concat(data).join(' '))
    },
  })
}
