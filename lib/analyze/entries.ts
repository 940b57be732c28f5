import { Event } from '../event/event.js'
import { HEADER, LEN, TID, TS, TYPE } from '../event/record.js'
import { type CompiledFilter, compileFilter } from '../filter/filter.js'
import * as registry from '../field/registry.js'
import { CaptureError } from '../errors.js'
import type { FdInfo } from '../state/fdinfo.js'
import { CANCELED, type State } from '../state/state.js'
import { ThreadInfo } from '../state/threadinfo.js'

/** What of the machine can be gone through as if it were events. */
export type Entries = 'fds' | 'containers'

/** PPME_SYSCALL_CLOSE_E in the driver's table, an event that is about an fd; PPME_GENERIC_E is about none. */
const CLOSE = 4
const GENERIC = 0

/**
 * The entries of the machine's tables as events that have no parameters, but a thread and an fd: fields tell of them. `fds`: each fd of each thread, and
 * a thread that has none once; by tid and number. `containers`: by id. There is one Event, moved from entry to entry.
 */
export function* entriesOf(state: State, what: Entries): Generator<Event> {
  const entry = new Entry(state)
  if (what === 'containers') {
    for (const id of [...state.containers.keys()].sort()) {
      const thread = new ThreadInfo(-1)
      thread._cgroups = { paths: [], containerId: id }
      yield entry.at(thread, -1, undefined)
    }
    return
  }
  for (const thread of [...state.threads.values()].sort((a, b) => a.tid - b.tid)) {
    const { lastFd } = thread
    const fds = [...thread.fds.entries()].filter(([fd]) => fd !== CANCELED).sort(([a], [b]) => a - b)
    for (const [fd, info] of fds) yield entry.at(thread, fd, info)
    if (fds.length === 0) yield entry.at(thread, -1, undefined)
    thread.lastFd = lastFd
  }
}

/** The one Event, over a record of its own. */
class Entry {
  readonly #event = new Event()
  readonly #record = new DataView(new ArrayBuffer(HEADER))

  constructor(state: State) {
    const event = this.#event
    event._view = this.#record
    event._memory = new Uint8Array(this.#record.buffer)
    event._state = state
    this.#record.setBigUint64(TS, state.live ? BigInt(Date.now()) * 1_000_000n : state.firstTs, true)
    this.#record.setUint32(LEN, HEADER, true)
  }

  at(thread: ThreadInfo, fd: number, info: FdInfo | undefined): Event {
    const event = this.#event
    this.#record.setBigInt64(TID, BigInt(thread.tid), true)
    this.#record.setUint16(TYPE, info === undefined ? GENERIC : CLOSE, true)
    thread.lastFd = fd
    event._thread = thread
    event._fd = info
    event.num++
    return event
  }
}

const CLASSES = ['proc', 'thread', 'fd', 'user', 'group', 'container']

/** A filter of entries, which knows the fields that they have. @throws CaptureError ERR_CAPTURE_FILTER */
export function compileEntryFilter(text: string): CompiledFilter {
  return compileFilter(text, {
    fieldNames: () => registry.fieldNames().filter(isOfEntries),
    findField(name) {
      const field = registry.findField(name)
      if (field === undefined || isOfEntries(name)) return field
      throw new CaptureError('ERR_CAPTURE_FILTER', `${name} is a field of events, and there are none in the machine's tables`, `fields of ${CLASSES.map(name => `${name}.`).join(' ')}`)
    },
  })
}

function isOfEntries(name: string): boolean {
  return CLASSES.includes(name.split('.', 1)[0])
}
