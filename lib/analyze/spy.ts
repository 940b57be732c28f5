import { quoted } from '../filter/literal.js'
import type { Analyzer, Argument } from './analyzer.js'
import { dataColumns, dotted } from './data.js'
import { type Lines, lines } from './lines.js'
import { bytesText } from './units.js'

/** An analyzer that shows what goes over the IPv4 and IPv6 connections of which `field` is what its argument says, on either end. */
export function spy(name: string, about: string, field: 'fd.port' | 'fd.ip', arg: Argument): Analyzer<Lines, any> {
  return lines({
    name, about,
    category: 'Net',
    filter: args => `evt.is_io = true and (fd.type = ipv4 or fd.type = ipv6) and ${field} = ${quoted(String(args[arg.name]))}`,
    args: [arg],
    snaplen: 1000,
    fields: ['evt.buffer', 'proc.name', 'fd.name', 'evt.is_io_read', 'evt.rawarg.res', 'evt.dir'],
    columns: dataColumns('Connection'),
    row(ev, [buffer, process, connection, isRead, res]) {
      const data = buffer(ev)
      const bytes = Number(res(ev))
      return data === undefined || !(bytes > 0) ? undefined : [process(ev), connection(ev), isRead(ev) === true ? 'read' : 'write', bytes, dotted(data)]
    },
    text([, , , direction, bytes, data], paint, container) {
      const isRead = direction === 'read'
      const where = container === undefined ? '' : ` [${container.name}] [${container.id}]`
      return paint(isRead ? 'red' : 'blue', `------ ${isRead ? 'Read' : 'Write'} ${bytesText(Number(bytes))}${where}\n${data}`)
    },
  })
}
