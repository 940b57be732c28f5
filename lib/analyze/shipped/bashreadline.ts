import { lines } from '../lines.js'
import { Processes } from '../processes.js'
import { TypedLine } from '../typedline.js'

const typed = new Processes<TypedLine>()

export default lines({
  name: 'bashreadline',
  about: 'Lines that people type at a bash, from its reads of the terminal: what it fetches from its history or completes is not among them',
  category: 'Security',
  filter: 'evt.type = read and evt.dir = < and evt.rawres > 0 and proc.name in (bash, -bash) and (fd.name startswith /dev/pts/ or fd.name startswith /dev/tty)',
  key: 'pid',
  fields: ['proc.pid', 'user.name', 'fd.name', 'evt.buffer'],
  columns: [{ name: 'proc.pid', title: 'PID' }, { name: 'user.name', title: 'User' }, { name: 'fd.name', title: 'Terminal' }, { name: 'line', title: 'Line' }],
  row(ev, [pid, user, terminal, data]) {
    let line = typed.get(ev)
    if (line === undefined) typed.set(ev, line = new TypedLine())
    const whole = line.type(data(ev) ?? NOTHING)
    return whole === undefined ? undefined : [pid(ev), user(ev), terminal(ev), whole]
  },
})

const NOTHING = new Uint8Array()
