import { lines } from '../lines.js'
import { ENDS, endsOf, isTcp } from '../tcp.js'

export default lines({
  name: 'tcpaccept',
  about: 'TCP connections that processes accept',
  category: 'Net',
  filter: 'evt.type in (accept, accept4) and evt.dir = < and evt.failed = false and fd.type in (ipv4, ipv6)',
  fields: ['proc.name', 'proc.pid'],
  columns: [{ name: 'proc.name', title: 'Process' }, { name: 'proc.pid', title: 'PID' }, ...ENDS],
  row: (ev, [name, pid]) => (isTcp(ev.fd) ? [name(ev), pid(ev), ...endsOf(ev.fd)] : undefined),
})
