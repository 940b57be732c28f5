import { textual } from '../data.js'
import { lines } from '../lines.js'

/** The files of logs: what they are called. */
const LOGS = '(fd.name contains .log or fd.name contains _log or fd.name contains /var/log) and not (fd.name contains .gz or fd.name contains .tgz)'

export default lines({
  name: 'spy_logs',
  about: 'What is written to files that are called like logs',
  category: 'Logs',
  filter: `${LOGS} and evt.is_io_write = true and evt.dir = < and evt.failed = false`,
  snaplen: 2000,
  fields: ['evt.buffer', 'proc.name', 'fd.name'],
  columns: [{ name: 'proc.name', title: 'Process' }, { name: 'fd.name', title: 'File' }, { name: 'data', title: 'Lines', unit: 'data' }],
  row(ev, [buffer, process, file]) {
    const bytes = buffer(ev)
    const data = bytes === undefined ? '' : textual(bytes)
    return /[^\r\n]/.test(data) ? [process(ev), file(ev), data] : undefined
  },
  text([, process, file, data], paint, container) {
    const where = container === undefined ? '' : `${container.name} `
    return String(data).split('\n').filter(line => line !== '').map(line => paint(colourOf(line), `${where}${process} ${file} ${line}`)).join('\n')
  },
})

function colourOf(line: string): 'red' | 'yellow' | 'green' {
  return /warn/i.test(line) ? 'yellow' : /err/i.test(line) ? 'red' : 'green'
}
