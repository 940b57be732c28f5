import { CaptureError } from '../../errors.js'
import { lines } from '../lines.js'

export default lines({
  name: 'ttysnoop',
  about: 'What processes write to a terminal; of each write as many bytes as the capture keeps (--snaplen)',
  category: 'Security',
  filter: ({ terminal }) => filterOf(String(terminal)),
  args: [{ name: 'terminal', about: 'which one, as tty(1) says: /dev/pts/3, pts/3, or 3', type: 'string' }],
  fields: ['proc.name', 'proc.pid', 'evt.rawres', 'evt.buffer'],
  columns: [{ name: 'proc.name', title: 'Process' }, { name: 'proc.pid', title: 'PID' }, { name: 'bytes', title: 'Bytes' }, { name: 'data', title: 'Data' }],
  row(ev, [name, pid, bytes, data]) {
    const written = data(ev)
    return written === undefined ? undefined : [name(ev), pid(ev), Number(bytes(ev)), Buffer.from(written).toString()]
  },
})

/** UNIX98_PTY_SLAVE_MAJOR in linux/major.h. */
const PTS_MAJOR = 136

/** Processes may know their terminal by the name that it has for each of them, too. */
function filterOf(terminal: string): string {
  const [, name, number] = /^(?:\/dev\/)?((?:pts\/)?(\d+)|tty\w+|console)$/.exec(terminal) ?? []
  if (name === undefined) throw new CaptureError('ERR_CAPTURE_OPTION', `there is no terminal '${terminal}'`, 'tty(1) says what one is called: /dev/pts/3, or 3')
  const path = number === undefined ? `/dev/${name}` : `/dev/pts/${number}`
  const own = number === undefined ? '' : ` or (fd.name = /dev/tty and proc.tty = ${device(Number(number))})`
  return `evt.is_io_write = true and evt.dir = < and evt.rawres > 0 and (fd.name = ${path}${own})`
}

/** As new_encode_dev in linux/kdev_t.h. */
function device(minor: number): number {
  return (minor & 0xff) | (PTS_MAJOR << 8) | ((minor & ~0xff) << 12)
}
