import type { Event } from '../../event/event.js'
import { compileFormat } from '../../field/formatter.js'
import { lineFormat } from '../../field/lineformat.js'
import { lines } from '../lines.js'

/** The format that is in use, compiled. */
let compiled: { format: string; line: (ev: Event) => string | undefined } | undefined

export default lines({
  name: 'trace',
  about: 'Events that a filter chooses, as lines in a format of one’s own',
  category: 'Performance',
  filter: ({ filter }) => String(filter),
  args: [
    { name: 'filter', about: 'which events, in the filter language: \'evt.type = open and fd.name contains /etc\'', type: 'string' },
    {
      name: 'format', about: 'text with %fields, as of sysring dump -p; where a field has no value there is no line, unless the format begins with *', type: 'string',
      default: '*%evt.outputtime %proc.name (%thread.tid) %evt.dir %evt.type %evt.info',
    },
  ],
  tables: ({ format }) => compileFormat(String(format)).needs,
  fields: [],
  columns: [{ name: 'line', title: 'Line' }],
  row(ev, _, { format }) {
    if (compiled?.format !== format) compiled = { format: String(format), line: lineFormat(String(format)) }
    const line = compiled.line(ev)
    return line === undefined ? undefined : [line]
  },
  text: ([, line]) => String(line),
})
