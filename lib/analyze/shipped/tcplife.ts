import type { Event } from '../../event/event.js'
import { CONNECTED, type FdInfo } from '../../state/fdinfo.js'
import { type Connection, Connections } from '../connections.js'
import { lines } from '../lines.js'
import { Processes } from '../processes.js'
import type { Row } from '../report.js'
import { ENDS, isTcp } from '../tcp.js'

const OPENS = ['connect', 'accept', 'accept4']
const NO_ROWS: readonly Row[] = []
const NO_FDS = new Map<number, FdInfo>()

/** Of an event any number of connections may end: they are its rows. */
export default lines({
  name: 'tcplife',
  about: 'TCP connections when their process closes them, executes another program or ends: bytes, and for how long it had those that it opened',
  category: 'Net',
  filter: '(fd.type in (ipv4, ipv6) and evt.dir = <) or evt.type = procexit or (evt.type in (execve, execveat, close_range) and evt.dir = <)',
  key: 'pid',
  fields: ['proc.pid', 'evt.rawarg.res', 'evt.is_io', 'evt.is_io_read'],
  columns: [
    { name: 'proc.name', title: 'Process' }, { name: 'proc.pid', title: 'PID' }, ...ENDS, { name: 'sent', title: 'TX', unit: 'bytes' },
    { name: 'received', title: 'RX', unit: 'bytes' }, { name: 'duration', title: 'Duration', unit: 'ns' }, { name: 'end', title: 'End' },
  ],
  memory: () => new Processes<Connections>(),
  rows(ev, [pid, res, isIo, isRead], _args, processes) {
    const { thread } = ev
    if (thread === undefined || (ev._error !== 0 && ev.name !== 'connect')) return NO_ROWS
    const ended = (connection: Connection | undefined, how: string): readonly Row[] => {
      if (connection === undefined) return NO_ROWS
      const { process, ends, in: received, out: sent, began } = connection
      return [[process, pid(ev), ...ends, sent, received, began === undefined ? undefined : Number(ev.ts - began), how]]
    }
    const allEnded = (how: string, remaining: ReadonlyMap<number, FdInfo>) => {
      const connections = processes.get(ev)
      return [...connections?.numbers ?? []].filter(number => !remaining.has(number)).flatMap(number => ended(connections!.remove(number), how))
    }
    switch (ev.name) {
      // Threads that go on without their main thread do so with connections that were there before.
      case 'procexit': return thread.isMain ? allEnded('exit', NO_FDS) : NO_ROWS
      case 'execve': case 'execveat': return allEnded('exec', thread.fds)
      case 'close_range': return allEnded('close', thread.fds)
      case 'close': return ended(processes.get(ev)?.remove(thread.lastFd), 'close')
    }
    const { fd } = ev
    if (!isTcp(fd) || (fd.flags & CONNECTED) === 0 || fd.name === '') return NO_ROWS
    const opens = OPENS.includes(ev.name)
    let connections = processes.get(ev)
    if (connections === undefined) processes.set(ev, connections = thereBefore(ev, opens))
    const number = thread.lastFd
    let rows = NO_ROWS
    let connection = connections.at(number, fd)
    if (connection === undefined) {
      rows = ended(connections.remove(number), 'close') // which was lost
      connection = connections.add(number, fd, opens ? ev.ts : undefined)
    }
    // What splice(2) moves no event tells the other fd of.
    const amount = isIo(ev) === true || ev.name === 'sendfile' ? Math.max(0, Number(res(ev) ?? 0)) : 0
    if (opens || amount > 0) connection.process = thread.comm
    if (isRead(ev) === true) connection.in += amount
    else connection.out += amount
    return rows
  },
})

/** Those of a process that nothing was known of, but for the one that this event opens. */
function thereBefore({ thread }: Event, opens: boolean): Connections {
  const connections = new Connections()
  connections.addAll(thread!.fds)
  if (opens) connections.remove(thread!.lastFd)
  return connections
}
