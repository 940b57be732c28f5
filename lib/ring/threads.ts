import { readdirSync, readFileSync } from 'node:fs'
import { eventInfo, eventVersions } from '../event/table.js'
import type { Event } from '../event/event.js'

/** All threads' numbers are below (PID_MAX_LIMIT of include/linux/threads.h). */
const PID_MAX = 4 << 20

/** What is known of a thread. */
const OTHER = 0
const LISTED = 1
/** This process, and those that are left out while the capture runs. */
const OWN = 2
/** Started by one that is listed. */
const CHILD = 3

/** The calls that make threads, by the latest codes of their enter events: clone, fork, vfork, clone3. */
export const THREAD_MAKERS = [222, 224, 226, 334]

export interface ThreadsOptions {
  /** This process is left out. */
  withoutSelf: boolean
  /** Its number in the initial pid namespace, whose numbers are in the records; 0: not known. */
  ownPid: number
  /** 0: all processes; 1: all but `pids`; 2: only `pids`. */
  pidFilter: 0 | 1 | 2
  pids: readonly number[]
  /** The processes that those in `pids` have started themselves belong to them. */
  pidChildren: boolean
}

/**
 * Which threads belong to the processes that are wanted: for a probe that cannot tell in the kernel.
 *
 * Records name threads, options name processes. /proc says what there was at the start, the stream what has come since: a
 * new thread's own return from clone is its first record, so that it matters not who had its number before.
 */
export class Threads {
  readonly #options: ThreadsOptions
  /** OTHER, LISTED, OWN or CHILD by tid. Memory that is not touched is not used. */
  readonly #kinds = new Uint8Array(PID_MAX)
  /** By kind: 1 = wanted. */
  readonly #wanted: Uint8Array
  /** By code of a call's exit event that makes threads: positions of res, pid, ptid. */
  readonly #makers: (readonly [res: number, pid: number, ptid: number] | undefined)[] = []

  /** Processes that are left out while the capture runs. */
  #leftOut: readonly number[] = []

  constructor(options: ThreadsOptions) {
    this.#options = options
    const [others, listed] = [options.pidFilter === 2 ? 0 : 1, options.pidFilter === 1 ? 0 : 1]
    this.#wanted = Uint8Array.of(others, listed, 0, listed)
    for (const code of THREAD_MAKERS.flatMap(eventVersions).filter(code => code % 2 === 1)) {
      const names = eventInfo(code)!.params.map(({ name }) => name)
      this.#makers[code] = [names.indexOf('res'), names.indexOf('pid'), names.indexOf('ptid')]
    }
  }

  /**
   * Looks at what there is. To be called once records flow, so that no thread is missed in between; and again when
   * records were lost, which may have told of threads.
   */
  look(): void {
    const { withoutSelf, ownPid, pids, pidChildren } = this.#options
    // In another pid namespace /proc has other numbers than the records: there, only main threads are known from the start.
    const here = ownPid === 0 || ownPid === process.pid
    const add = (pid: number, kind: number) => {
      for (const tid of here ? [pid, ...threadsOf(pid)] : [pid]) this.#set(tid, kind)
    }
    if (pidChildren && here) for (const pid of childrenOf(pids)) add(pid, CHILD)
    for (const pid of pids) add(pid, LISTED)
    for (const pid of this.#leftOut) add(pid, OWN)
    if (withoutSelf) add(here ? process.pid : ownPid, OWN)
  }

  /** From now on nothing of these processes; the list takes the place of the one before. */
  leaveOut(pids: readonly number[]): void {
    for (const pid of this.#leftOut) {
      if (!pids.includes(pid)) for (const tid of [pid, ...threadsOf(pid)]) this.#set(tid, OTHER)
    }
    this.#leftOut = pids
    this.look()
  }

  /** Is the record's thread one that is wanted? Takes notice of new threads. */
  wants(event: Event, type: number): boolean {
    const { tid } = event
    const maker = this.#makers[type]
    if (maker !== undefined) this.#made(event, tid, maker)
    return this.#wanted[this.#kinds[tid] ?? OTHER] === 1
  }

  /** A call that made a thread returns, twice: with 0 in the new thread. */
  #made(event: Event, tid: number, [res, pid, ptid]: readonly [number, number, number]): void {
    if (integer(event, res) !== 0) return
    const leader = integer(event, pid)
    if (leader !== tid) return this.#set(tid, this.#kinds[leader] ?? OTHER)
    const parent = this.#kinds[integer(event, ptid)]
    this.#set(tid, this.#options.pidChildren && parent === LISTED ? CHILD : OTHER)
  }

  #set(tid: number, kind: number): void {
    this.#kinds[tid] = kind
  }
}

/** The low word of an integer parameter; −1 if there is none. */
function integer(event: Event, param: number): number {
  return param < event.nparams && event._paramLength(param) >= 4 ? event._view.getInt32(event._paramAt(param), true) : -1
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number)
  } catch {
    return []
  }
}

/** The processes that have one of `pids` as parent. */
function childrenOf(pids: readonly number[]): number[] {
  return readdirSync('/proc').map(Number).filter(pid => {
    // pid (comm) state ppid …
    const parent = Number.isInteger(pid) ? /.*\) \S (\d+)/s.exec(read(`/proc/${pid}/stat`) ?? '')?.[1] : undefined
    return parent !== undefined && pids.includes(Number(parent))
  })
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
