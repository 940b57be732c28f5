import { DATA_FIELDS, dataColumns, dotted } from '../data.js'
import { lines } from '../lines.js'
import { bytesText } from '../units.js'

export default lines({
  name: 'echo_fds',
  about: 'What is read and written, over fds of any kind',
  category: 'I/O',
  filter: 'evt.is_io = true and evt.dir = < and evt.rawres > 0',
  snaplen: 2000,
  fields: DATA_FIELDS,
  columns: dataColumns('File'),
  row(ev, [buffer, process, file, isRead, res]) {
    const data = buffer(ev)
    return [process(ev), file(ev) ?? '<NA>', isRead(ev) === true ? 'read' : 'write', Number(res(ev)), data === undefined ? undefined : dotted(data)]
  },
  text([, process, file, direction, bytes, data], paint, container) {
    const isRead = direction === 'read'
    const colour = isRead ? 'red' : 'blue'
    const where = container === undefined ? '' : paint(container.name === 'host' ? 'green' : 'cyan', ` [${container.name}] [${container.id}]`)
    const head = paint(colour, `------ ${isRead ? 'Read' : 'Write'} ${bytesText(Number(bytes))} ${isRead ? 'from' : 'to'} `)
    const lines = [`${head}${where}${paint(colour, `  ${file} (${process})`)}`, ...data === undefined ? [] : [paint(colour, String(data))]]
    return lines.join('\n')
  },
})
