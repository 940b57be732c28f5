import type { Measure, Part, View, ViewName } from './view.js'

const CALLS: Measure = { field: 'evt.count.exit', title: 'Calls', unit: 'count' }
const TIME: Measure = { field: 'evt.latency', title: 'Time', unit: 'ns' }
const ERRORS: Measure = { field: 'evt.count.error', title: 'Errors', unit: 'count' }
const FILE: Measure = { field: 'evt.buflen.file', title: 'File', unit: 'bytes', io: true }
const NET: Measure = { field: 'evt.buflen.net', title: 'Net', unit: 'bytes', io: true }
const BYTES: Measure = { field: 'evt.buflen', title: 'Bytes', unit: 'bytes' }
const IN: Measure = { field: 'evt.buflen.in', title: 'In', unit: 'bytes' }
const OUT: Measure = { field: 'evt.buflen.out', title: 'Out', unit: 'bytes' }

const PID: Part = { field: 'proc.pid', title: 'PID', width: 8 }
const PROCESS: Part = { field: 'proc.name', title: 'Process', width: 16 }
const CONTAINER: Part = { field: 'container.name', title: 'Container', width: 16 }

/** All but the events themselves, in the order of the keys 1 to 7. A call counts when it ends. */
export const VIEWS: readonly View[] = [
  {
    name: 'processes', about: 'what each process does', filter: 'evt.dir = < and proc.pid exists',
    key: [PID], labels: [PROCESS, { field: 'user.name', title: 'User', width: 10 }, CONTAINER, { field: 'proc.cmdline', title: 'Command' }],
    measures: [CALLS, TIME, FILE, NET, ERRORS], next: 'files',
  },
  {
    name: 'threads', about: 'what each thread does', filter: 'evt.dir = < and thread.tid exists',
    key: [{ field: 'thread.tid', title: 'TID', width: 8 }], labels: [PID, PROCESS, CONTAINER],
    measures: [CALLS, TIME, FILE, NET, ERRORS], next: 'syscalls',
  },
  {
    name: 'connections', about: 'what goes over each connection', filter: 'evt.dir = < and fd.type in (ipv4, ipv6) and evt.is_io = true',
    key: [{ field: 'fd.name', title: 'Connection' }], labels: [{ field: 'fd.l4proto', title: 'Proto', width: 5 }, PID, PROCESS],
    measures: [BYTES, IN, OUT, CALLS, TIME, ERRORS], next: 'events',
  },
  {
    name: 'files', about: 'what is read from and written to each file', filter: 'evt.dir = < and fd.type = file and evt.is_io = true',
    key: [{ field: 'fd.name', title: 'File' }], labels: [],
    measures: [BYTES, IN, OUT, CALLS, TIME, ERRORS], next: 'events',
  },
  {
    name: 'containers', about: 'what happens in each container, and outside of them', filter: 'evt.dir = < and container.id exists',
    key: [{ field: 'container.id', title: 'Container', width: 12 }], labels: [{ field: 'container.name', title: 'Name', width: 20 }, { field: 'container.image', title: 'Image' }],
    measures: [CALLS, TIME, FILE, NET, ERRORS], next: 'processes',
  },
  {
    name: 'syscalls', about: 'which system calls are made', filter: 'evt.dir = <',
    key: [{ field: 'evt.type', title: 'Call' }], labels: [],
    measures: [CALLS, TIME, ERRORS], next: 'events',
  },
  {
    name: 'errors', about: 'which calls fail, and how', filter: 'evt.failed = true',
    key: [{ field: 'evt.res', title: 'Error', width: 16 }, { field: 'evt.type', title: 'Call' }], labels: [],
    measures: [ERRORS, TIME], next: 'events',
  },
]

export const VIEW_NAMES: readonly ViewName[] = [...VIEWS.map(({ name }) => name), 'events']

/** Undefined: the events themselves, which are lines and no table. */
export function viewOf(name: ViewName): View | undefined {
  return VIEWS.find(view => view.name === name)
}
