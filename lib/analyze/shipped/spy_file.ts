import { quoted } from '../../filter/literal.js'
import type { ArgumentValues } from '../analyzer.js'
import { textual } from '../data.js'
import { lines } from '../lines.js'
import { bytesText, timeText } from '../units.js'

const DIRECTIONS: Readonly<Record<string, string>> = { R: 'evt.is_io_read', r: 'evt.is_io_read', W: 'evt.is_io_write', w: 'evt.is_io_write', RW: 'evt.is_io' }

export default lines({
  name: 'spy_file',
  about: 'What is read from files and written to them',
  category: 'I/O',
  args: [
    { name: 'read_or_write', about: 'R: what is read, W: what is written, RW: both', type: 'string', choices: Object.keys(DIRECTIONS), default: 'RW' },
    { name: 'spy_on_file_name', about: 'only of the file with this path; without it terminals are left out', type: 'string', default: '' },
  ],
  filter: ({ read_or_write, spy_on_file_name }) =>
    `${filesOf(spy_on_file_name)} and ${DIRECTIONS[read_or_write]} = true and fd.type = file and evt.dir = < and evt.failed = false`,
  snaplen: 2000,
  fields: ['evt.buffer', 'proc.name', 'proc.pid', 'fd.name', 'evt.is_io_write', 'evt.rawarg.res'],
  columns: [
    { name: 'proc.name', title: 'Process' }, { name: 'proc.pid', title: 'PID' }, { name: 'direction', title: 'R/W' },
    { name: 'evt.rawarg.res', title: 'Bytes', unit: 'bytes' }, { name: 'fd.name', title: 'File' }, { name: 'data', title: 'Data', unit: 'data' },
  ],
  row(ev, [buffer, process, pid, file, isWrite, res]) {
    const data = buffer(ev)
    return [process(ev), pid(ev), isWrite(ev) === true ? 'W' : 'R', Number(res(ev)), file(ev), data === undefined ? undefined : textual(data)]
  },
  text([time, process, pid, direction, bytes, file, data], _paint, container) {
    const where = container === undefined ? '' : `${container.name} `
    const head = `${timeText(BigInt(time as bigint))} ${where}${process}(${pid}) ${direction} ${bytesText(Number(bytes))} ${file} `
    return data === undefined || data === '' ? head : `${head}\n${String(data).replace(/^\n/, '')}`
  },
})

function filesOf(path: ArgumentValues[string]): string {
  return path === '' ? 'not fd.name contains /dev/pt and not fd.name contains /dev/tty' : `fd.name = ${quoted(String(path))}`
}
