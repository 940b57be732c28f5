import { addressText } from '../event/address.js'
import { Event, PACKET } from '../event/event.js'
import { numberAt } from '../event/decode.js'
import { HEADER } from '../event/record.js'
import { EVENT_COUNT } from '../event/table.js'
import type { Value } from '../field/field.js'
import { bindField, type BoundField } from '../field/registry.js'
import { CgroupLists } from './cgroups.js'
import { ContainerTable } from './containers.js'
import { CLOSE_CANCELED, type FdInfo } from './fdinfo.js'
import type { Table } from '../field/field.js'
import { type Ways, waysOf } from './follow/index.js'
import { NEVER, NO_EVENT, ThreadInfo } from './threadinfo.js'
import { fdParam, HAS_RESULT, NEW_THREAD, NO_THREAD, BETWEEN_CALLS, traitsOf, USES_FD } from './traits.js'
import type { InterfaceAddress } from './interfaces.js'
import type { Machine } from './machine.js'
import type { Group, User } from './users.js'

/** Where to look for what the stream did not tell: the running machine. A file has no such place. */
export interface Lookup {
  /** The thread with that tid and, of a main thread, its fds; undefined if there is none. */
  thread(tid: number, state: State): ThreadInfo | undefined
  /** A file descriptor of a process. */
  fd(pid: number, fd: number, state: State): FdInfo | undefined
  /** Inode of the network namespace that a thread is in; 0 if that cannot be seen. */
  netns(tid: number): number
}

/** Who wants to know what the events tell of sockets: the attribution of packets. */
export interface SocketWatch {
  /** Everything that was there before the first event, or was told in lists since, is in the state. */
  begin(state: State): void
  /** The state has followed an event; what it ends is still there. */
  follow(state: State, ev: Event, thread: ThreadInfo): void
}

/** Ends of threads that are remembered: of those whose callers have not returned from clone yet. */
const MAX_ENDS = 1024
/** Threads that are kept at most. What comes beyond them is not known by name. */
export const MAX_THREADS = 131_072
/** Fds of one process that are kept at most. */
export const MAX_FDS = 65_536

const ALL_SHOWN = new Uint8Array(EVENT_COUNT).fill(1)

/** The place in a table of fds for the one that is being closed while its number is in use again. */
export const CANCELED = Number.MAX_SAFE_INTEGER

/**
 * What is known of the machine at the moment of an event: its threads and their fds, users, containers.
 *
 * In: the lists of what was there before the first event (lib/state/initial.ts), then every event in order. Out: the event's
 * thread and fd, as fields of the event. Whatever it keeps is its own copy; what has ended goes with the event after.
 */
export class State {
  readonly threads = new Map<number, ThreadInfo>()
  readonly users = new Map<number, User>()
  readonly groups = new Map<number, Group>()
  readonly containers: ContainerTable
  /** @internal Lists of cgroups in events. */
  readonly cgroupLists: CgroupLists
  /** Addresses of the machine, to complete sockets that were bound to none. */
  interfaces: readonly InterfaceAddress[] = []
  machine: Machine | undefined
  /** Ports that somebody listened at before the first event. */
  readonly serverPorts = new Set<number>()
  /** Time of the first event, in ns since the epoch. */
  firstTs = 0n
  /** Times of the event at hand and of the one before it, in ns from the first event: exact up to 104 days. */
  time = 0
  previousTime = 0
  /** Threads that could not be kept because there were too many. */
  refused = 0

  /** @internal */
  watch: SocketWatch | undefined
  /** @internal Are the tables of fds kept? */
  readonly keepsFds: boolean
  readonly #keepsThreads: boolean
  readonly #lookup: Lookup | undefined
  /** By tid, the times of the last ends, the oldest first. */
  readonly #ends = new Map<number, number>()
  readonly #ways: Ways
  /** By event code: 1 for those that somebody may look at. */
  readonly #shown: Uint8Array
  #firstHi = 0
  #firstLo = 0
  #started = false
  /** The thread that was looked up last. */
  #last: ThreadInfo | undefined
  /** By pid: how many threads a process has whose main thread is not known. */
  readonly #orphans = new Map<number, number>()
  // What ends with the event at hand is still known in it.
  #exited: ThreadInfo | undefined
  #closedIn: ThreadInfo | undefined
  #closed = 0
  /** Those that were asked for. */
  readonly #fields = new Map<string, BoundField>()
  /** The view of a stored enter event. */
  readonly #enter = new Event()

  /** `tables`: those that are to be kept; `shown`: the event codes that anybody looks at, by code. Undefined: all. */
  constructor(lookup?: Lookup, tables?: ReadonlySet<Table>, shown: Uint8Array = ALL_SHOWN) {
    this.#lookup = lookup
    this.#shown = shown
    this.#ways = waysOf(tables)
    this.#keepsThreads = tables === undefined || tables.size > 0
    this.keepsFds = tables === undefined || tables.has('fd')
    this.containers = new ContainerTable(lookup !== undefined)
    this.cgroupLists = new CgroupLists(paths => this.containers.find(paths))
  }

  /** Is it the running machine, and no file? */
  get live(): boolean {
    return this.#lookup !== undefined
  }

  /** Follows one event, and says in it what is known of its thread and its fd. */
  update(ev: Event): void {
    if (this.#exited !== undefined) this.#removeExited()
    if (this.#closedIn !== undefined) this.#removeClosed()
    this.#tick(ev)
    ev._state = this
    ev._fd = undefined
    ev._error = 0
    const type = ev.type
    if (type === PACKET || !this.#keepsThreads) {
      ev._thread = undefined
      return
    }
    const traits = traitsOf(type)
    const thread = (ev._thread = (traits & NO_THREAD) !== 0 ? undefined : this.#threadOf(ev.tid, (traits & NEW_THREAD) === 0))
    if (thread !== undefined && (traits & BETWEEN_CALLS) === 0) {
      thread.previousTime = thread.lastTime
      thread.lastTime = this.time
      if ((type & 1) === 0) this.#enterCall(ev, thread, type, traits)
      else this.#leaveCall(ev, thread, type, traits)
    }
    const follow = type < EVENT_COUNT ? this.#ways.followers[type] : undefined
    if (follow !== undefined) follow(this, ev, thread)
    if (this.watch !== undefined && thread !== undefined) this.watch.follow(this, ev, thread)
  }

  /** The value of a field in this event, as programs want it: addresses as text. */
  field(ev: Event, name: string): Value | undefined {
    let field = this.#fields.get(name)
    if (field === undefined) this.#fields.set(name, (field = bindField(name)))
    const value = field.get(ev)
    if (!(value instanceof Uint8Array) || (field.field.type !== 'IPADDR' && field.field.type !== 'IPNET')) return value
    return addressText(value)
  }

  #enterCall(ev: Event, thread: ThreadInfo, type: number, traits: number): void {
    thread.lastFd = -1
    thread.lastType = type
    thread.inCall = true
    thread.latency = 0
    thread.enterTime = this.time
    const index = fdParam(traits)
    if ((traits & USES_FD) !== 0 && index < ev.nparams && ev._paramLength(index) >= 8) {
      const fd = numberAt(ev, ev._paramAt(index))
      thread.lastFd = fd
      // The exit event looks for it again: other threads may have been there meanwhile.
      if (this.#shown[type] !== 0 || this.#ways.followers[type] !== undefined) ev._fd = this.fdOf(thread, fd)
    }
    thread.enterStored = false
    if (this.#ways.stored[type] === 1) store(ev, thread)
  }

  #leaveCall(ev: Event, thread: ThreadInfo, type: number, traits: number): void {
    if (thread.enterTime !== NEVER) thread.latency = this.time - thread.enterTime
    const index = fdParam(traits)
    const carriesFd = index !== 0 && index < ev.nparams && ev._paramLength(index) >= 8
    // Of two exit events in a row the second has lost its enter event.
    const matches = thread.inCall && type === thread.lastType + 1
    thread.inCall = false
    if (!matches) {
      thread.lastType = NO_EVENT
      // A thread that makes no enter events: everything is in the exit event.
      if (thread.enterTime !== NEVER && !carriesFd) return
    }
    if ((traits & HAS_RESULT) !== 0 && ev.nparams > 0 && ev._paramLength(0) >= 8) {
      const result = numberAt(ev, ev._paramAt(0))
      if (result < 0) ev._error = -result
    }
    if ((traits & USES_FD) === 0) return
    if (carriesFd) thread.lastFd = numberAt(ev, ev._paramAt(index))
    ev._fd = this.fdOf(thread, thread.lastFd)
  }

  /** The enter event that belongs to this exit event; undefined when it was not seen. Valid until the next call. */
  enterOf(ev: Event, thread: ThreadInfo): Event | undefined {
    if (thread.enter === undefined || !thread.enterStored || thread.lastType + 1 !== ev.type) return undefined
    const enter = this.#enter
    enter._memory = thread.enter
    enter._view = thread.enterView!
    enter._at = 0
    enter._header = ev._header
    enter._nparams = thread.enterNparams
    return enter
  }

  /** Times are counted from this event. */
  begin(ev: Event): void {
    this.#started = true
    this.#firstHi = ev.tsHi
    this.#firstLo = ev.tsLo
    this.firstTs = ev.ts
  }

  #tick(ev: Event): void {
    if (!this.#started) this.begin(ev)
    this.previousTime = this.time
    this.time = (ev.tsHi - this.#firstHi) * 0x1_0000_0000 + (ev.tsLo - this.#firstLo)
  }

  /** A thread; looked for on the running machine, or made up with no name, where an event comes from one that is not known. */
  #threadOf(tid: number, lookup: boolean): ThreadInfo | undefined {
    const last = this.#last
    if (last !== undefined && last.tid === tid) return last
    const thread = this.threads.get(tid) ?? (lookup ? this.discover(tid) : undefined)
    if (thread !== undefined) this.#last = thread
    return thread
  }

  /** A thread that the stream did not announce. */
  discover(tid: number): ThreadInfo | undefined {
    if (this.threads.size >= MAX_THREADS) {
      this.refused++
      return undefined
    }
    const thread = this.#lookup?.thread(tid, this) ?? unknownThread(tid)
    if (thread.isMain) {
      thread.nchilds = this.#orphans.get(tid) ?? 0
      this.#orphans.delete(tid)
    } else {
      const main = this.threads.get(thread.pid) ?? this.discover(thread.pid)
      if (main !== undefined) thread.fds = main.fds
    }
    this.add(thread)
    return thread
  }

  thread(tid: number): ThreadInfo | undefined {
    return this.threads.get(tid)
  }

  /** The main thread of its process; itself, if it is that; undefined if that is not known. */
  mainOf(thread: ThreadInfo): ThreadInfo | undefined {
    if (thread.tid === thread.pid) return thread
    const { main } = thread
    if (main !== undefined && main.tid === thread.pid && !main.ended) return main
    return (thread.main = this.threads.get(thread.pid))
  }

  parentOf(thread: ThreadInfo): ThreadInfo | undefined {
    return this.threads.get(thread.ptid)
  }

  /** Its fds: the same table for all threads that share it. */
  fdsOf(thread: ThreadInfo): Map<number, FdInfo> {
    return thread.fds
  }

  /** One of its fds, whose name from now on is the old one. */
  fdOf(thread: ThreadInfo, fd: number): FdInfo | undefined {
    if (fd < 0) return undefined
    const info = thread.fds.get(fd)
    if (info !== undefined) info.oldName = info.name
    return info
  }

  /** The working directory of its process, with a slash at the end; '' if it is not known. */
  cwdOf(thread: ThreadInfo): string {
    const main = this.mainOf(thread)
    return main === undefined ? './' : main.cwd
  }

  /** Asks the running machine for an fd that the stream did not announce. */
  discoverFd(thread: ThreadInfo, fd: number): FdInfo | undefined {
    const info = this.#lookup?.fd(thread.pid, fd, this)
    if (info !== undefined) this.openFd(thread, fd, info)
    return info
  }

  /** Asks the running machine for the network namespace of a thread; 0 if there is none to ask. */
  netnsOf(tid: number): number {
    return this.#lookup?.netns(tid) ?? 0
  }

  add(thread: ThreadInfo): boolean {
    if (this.threads.size >= MAX_THREADS && !this.threads.has(thread.tid)) {
      this.refused++
      return false
    }
    this.threads.set(thread.tid, thread)
    this.#last = undefined
    if (thread.tid !== thread.pid) {
      const main = this.mainOf(thread)
      if (main !== undefined) main.nchilds++
      else this.#countOrphan(thread.pid, 1)
    }
    return true
  }

  /** The thread with that number is to be looked up again. */
  forget(tid: number): void {
    if (this.#last?.tid === tid) this.#last = undefined
  }

  remove(thread: ThreadInfo): void {
    if (this.threads.get(thread.tid) !== thread) return
    this.threads.delete(thread.tid)
    thread.ended = true
    if (this.#last === thread) this.#last = undefined
    if (thread.tid === thread.pid) return
    const main = this.mainOf(thread)
    if (main === undefined) return this.#countOrphan(thread.pid, -1)
    if (main.nchilds > 0) main.nchilds--
    // A process whose main thread ended first goes with its last thread.
    if (main.nchilds === 0 && main.exiting) this.remove(main)
  }

  /** Of a process that executes another program only the main thread is left, whichever of them has asked for it. */
  endOthers(main: ThreadInfo): void {
    main.exiting = false
    if (main.nchilds === 0) return
    for (const thread of this.threads.values()) if (thread.pid === main.pid && thread !== main) this.remove(thread)
    main.nchilds = 0
  }

  #countOrphan(pid: number, change: 1 | -1): void {
    const count = (this.#orphans.get(pid) ?? 0) + change
    if (count > 0) this.#orphans.set(pid, count)
    else this.#orphans.delete(pid)
  }

  /** The thread has ended: it goes with the next event. */
  exitLater(thread: ThreadInfo): void {
    this.#exited = thread
    const { tid } = thread
    this.#ends.delete(tid)
    this.#ends.set(tid, this.time)
    if (this.#ends.size > MAX_ENDS) this.#ends.delete(this.#ends.keys().next().value!)
  }

  /** When the last thread with that number ended, of those that ended lately; NEVER if none did. */
  endOf(tid: number): number {
    return this.#ends.get(tid) ?? NEVER
  }

  #removeExited(): void {
    const thread = this.#exited!
    this.#exited = undefined
    thread.exiting = true
    if (thread.nchilds === 0) this.remove(thread)
  }

  /** Puts an fd in its place; one that is being closed there at this moment makes room. */
  openFd(thread: ThreadInfo, fd: number, info: FdInfo): FdInfo | undefined {
    thread.lastFd = fd
    const { fds } = thread
    const before = fds.get(fd)
    if (before === undefined) {
      if (fds.size >= MAX_FDS) return undefined
    } else if (before.closing) {
      info.flags |= CLOSE_CANCELED
      fds.set(CANCELED, before)
    }
    fds.set(fd, info)
    return info
  }

  /** The fd was closed: it goes with the next event. */
  closeLater(thread: ThreadInfo, fd: number): void {
    if (this.#closedIn !== undefined) this.#removeClosed()
    this.#closedIn = thread
    this.#closed = fd
  }

  #removeClosed(): void {
    this.#closedIn!.fds.delete(this.#closed)
    this.#closedIn = undefined
  }
}

/** What an event comes from when nothing is known of its thread. */
function unknownThread(tid: number): ThreadInfo {
  const thread = new ThreadInfo(tid)
  thread.pid = tid
  thread.loginuid = 0xffff_ffff
  return thread
}

/** Keeps a copy of an enter event. The memory is the thread's, and used again. */
function store(ev: Event, thread: ThreadInfo): void {
  const { len } = ev
  if (len > MAX_STORED) return
  if (thread.enter === undefined || thread.enter.length < len) {
    thread.enter = new Uint8Array(Math.max(FIRST_STORED, 2 ** Math.ceil(Math.log2(len))))
    thread.enterView = new DataView(thread.enter.buffer)
  }
  const { enter } = thread
  const memory = ev._memory
  for (let from = ev._at, to = 0; to < len; from++, to++) enter[to] = memory[from]
  thread.enterNparams = ev._header === HEADER ? 0 : ev._nparams
  thread.enterStored = true
}

/** Bytes of an enter event at most: those that are kept have a path or an address, no buffers. */
const MAX_STORED = 16_384
const FIRST_STORED = 128
