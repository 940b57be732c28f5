import { lines } from '../lines.js'
import { Processes } from '../processes.js'
import { terminalName, UNTOLD_STDIO } from '../terminal.js'
import { TypedLine } from '../typedline.js'

export default lines({
  name: 'bashreadline',
  about: 'Lines that people type at a bash, from its reads of the terminal: what it fetches from its history or completes is not among them',
  category: 'Security',
  filter: `evt.type = read and evt.dir = < and evt.rawres > 0 and proc.name = bash and proc.tty != 0 and fd.num = 0 and (fd.name startswith /dev/pts/ or fd.name startswith /dev/tty or ${UNTOLD_STDIO})`,
  key: 'pid',
  fields: ['proc.pid', 'user.name', 'proc.tty', 'evt.buffer'],
  columns: [{ name: 'proc.pid', title: 'PID' }, { name: 'user.name', title: 'User' }, { name: 'terminal', title: 'Terminal' }, { name: 'line', title: 'Line' }],
  memory: () => new Processes<TypedLine>(),
  rows(ev, [pid, user, tty, data], _args, typed) {
    let line = typed.get(ev)
    if (line === undefined) typed.set(ev, line = new TypedLine())
    return line.type(data(ev) ?? NOTHING).map(text => [pid(ev), user(ev), terminalName(tty(ev) ?? 0), text])
  },
})

const NOTHING = new Uint8Array()
