import type { Event } from '../../event/event.js'
import { CONNECTED, type FdInfo } from '../../state/fdinfo.js'
import { type Connection, Connections } from '../connections.js'
import { addLine, lines } from '../lines.js'
import { Processes } from '../processes.js'
import { ENDS, isTcp } from '../tcp.js'

const OPENS = ['connect', 'accept', 'accept4']
const NONE = new Map<number, FdInfo>()

const processes = new Processes<Connections>()

const analyzer = lines({
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
  row: () => undefined,
})

/** Of an event any number of connections may end: they are its rows. */
export default {
  ...analyzer,
  event(state, ev, [pid, res, isIo, isRead]) {
    const { thread } = ev
    if (thread === undefined || ev._error !== 0 && ev.name !== 'connect') return
    const ended = (connection: Connection | undefined, how: string) => {
      if (connection === undefined) return
      const { process, ends, in: received, out: sent, began } = connection
      addLine(state, ev, [process, pid(ev), ...ends, sent, received, began === undefined ? undefined : Number(ev.ts - began), how])
    }
    const endAll = (how: string, remaining: ReadonlyMap<number, FdInfo>) => {
      const connections = processes.get(ev)
      for (const number of connections?.numbers ?? []) if (!remaining.has(number)) ended(connections!.remove(number), how)
    }
    switch (ev.name) {
      // Threads that go on without their main thread do so with connections that were there before.
      case 'procexit': return thread.isMain ? endAll('exit', NONE) : undefined
      case 'execve': case 'execveat': return endAll('exec', thread.fds)
      case 'close_range': return endAll('close', thread.fds)
      case 'close': return ended(processes.get(ev)?.remove(thread.lastFd), 'close')
    }
    const { fd } = ev
    if (!isTcp(fd) || (fd.flags & CONNECTED) === 0 || fd.name === '') return
    const opens = OPENS.includes(ev.name)
    const connections = processes.get(ev) ?? found(ev, opens)
    const number = thread.lastFd
    let connection = connections.at(number, fd)
    if (connection === undefined) {
      ended(connections.remove(number), 'close') // which was lost
      connection = connections.add(number, fd, opens ? ev.ts : undefined)
    }
    const amount = isIo(ev) === true ? Number(res(ev) ?? 0) : 0
    if (opens || amount > 0) connection.process = thread.comm
    if (isRead(ev) === true) connection.in += amount
    else connection.out += amount
  },
} satisfies typeof analyzer

/** Those of a process that nothing was known of, but for the one that this event opens. */
function found(ev: Event, opens: boolean): Connections {
  const connections = new Connections()
  connections.addAll(ev.thread!.fds)
  if (opens) connections.remove(ev.thread!.lastFd)
  processes.set(ev, connections)
  return connections
}
