import { lines } from '../lines.js'
import { ENDS, endsOf, isTcp } from '../tcp.js'

export default lines({
  name: 'tcpconnect',
  about: 'TCP connections that processes ask for, and what came of it; EINPROGRESS: the call did not wait for the answer',
  category: 'Net',
  filter: 'evt.type = connect and evt.dir = < and fd.type in (ipv4, ipv6)',
  fields: ['proc.name', 'proc.pid', 'evt.res'],
  columns: [{ name: 'proc.name', title: 'Process' }, { name: 'proc.pid', title: 'PID' }, ...ENDS, { name: 'evt.res', title: 'Result' }],
  row: (ev, [name, pid, res]) => (isTcp(ev.fd) ? [name(ev), pid(ev), ...endsOf(ev.fd), res(ev)] : undefined),
})
