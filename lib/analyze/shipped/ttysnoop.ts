import { CaptureError } from '../../errors.js'
import { lines } from '../lines.js'
import { terminalDevice, UNTOLD_STDIO } from '../terminal.js'
import { timeText } from '../units.js'

export default lines({
  name: 'ttysnoop',
  about: 'What processes write to a terminal; control sequences are shown as dots, in --json they are as they were',
  category: 'Security',
  filter: ({ terminal }) => filterOf(String(terminal)),
  args: [{ name: 'terminal', about: 'which one, as tty(1) says: /dev/pts/3, or only 3', type: 'string' }],
  fields: ['proc.name', 'proc.pid', 'evt.rawres', 'evt.buffer'],
  columns: [{ name: 'proc.name', title: 'Process' }, { name: 'proc.pid', title: 'PID' }, { name: 'bytes', title: 'Bytes' }, { name: 'data', title: 'Data', unit: 'data' }],
  snaplen: 60_000,
  row(ev, [name, pid, bytes, data]) {
    const written = data(ev)
    return written === undefined ? undefined : [name(ev), pid(ev), Number(bytes(ev)), Buffer.from(written).toString()]
  },
  text: ([time, name, pid, , data], paint, container) =>
    `${paint('cyan', `${timeText(BigInt(time!))} ${container === undefined ? '' : `${container.name} `}${name} (${pid})`)} ${String(data).replace(/\n$/, '')}`,
})

function filterOf(terminal: string): string {
  const path = /^\d+$/.test(terminal) ? `/dev/pts/${terminal}` : terminal.startsWith('/') ? terminal : `/dev/${terminal}`
  const device = terminalDevice(path)
  if (device === undefined) throw new CaptureError('ERR_CAPTURE_OPTION', `there is no terminal '${terminal}'`, 'tty(1) says what one is called: /dev/pts/3, or 3')
  return `evt.is_io_write = true and evt.dir = < and evt.rawres > 0 and (fd.name = ${path} or (proc.tty = ${device} and (fd.name = /dev/tty or ${UNTOLD_STDIO})))`
}
