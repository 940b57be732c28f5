import { readdirSync, readFileSync } from 'node:fs'
import { eventInfo, eventVersions } from '../event/table.js'
import type { Event } from '../event/event.js'

/** All threads' numbers are below (PID_MAX_LIMIT of include/linux/threads.h). */
const PID_MAX = 4 << 20

/** What is known of a thread. */
const OTHER = 0
const LISTED = 1
const OWN = 2

/** The latest code of each event that makes threads: clone, fork, vfork, clone3; and of the one that ends them. */
const MAKERS = [223, 225, 227, 335]
const PROCEXIT = 186

export interface ThreadsOptions {
  /** This process in the initial pid namespace, where records count; it is left out. Undefined: it is not. */
  ownPid: number | undefined
  /** 0: all processes; 1: all but `pids`; 2: only `pids`. */
  pidFilter: 0 | 1 | 2
  pids: readonly number[]
  /** The processes that those in `pids` start belong to them. */
  pidChildren: boolean
}

/**
 * Which threads belong to the processes that are wanted: for a probe that cannot tell in the kernel.
 *
 * Records name threads, options name processes. /proc says what there was at the start, the stream what came and went
 * since: a new thread's own return from clone is its first record, procexit its last.
 */
export class Threads {
  readonly #options: ThreadsOptions
  /** OTHER, LISTED or OWN by tid. Memory that is not touched is not used. */
  readonly #kinds = new Uint8Array(PID_MAX)
  /** By kind: 1 = wanted. */
  readonly #wanted: Uint8Array
  /** By event code: positions of res, pid, ptid of an event that makes threads, or −1 of one that ends them. */
  readonly #changes: (readonly [res: number, pid: number, ptid: number] | -1 | undefined)[] = []

  constructor(options: ThreadsOptions) {
    this.#options = options
    this.#wanted = Uint8Array.of(options.pidFilter === 2 ? 0 : 1, options.pidFilter === 1 ? 0 : 1, 0)
    for (const code of MAKERS.flatMap(eventVersions).filter(code => code % 2 === 1)) {
      const names = eventInfo(code)!.params.map(({ name }) => name)
      this.#changes[code] = [names.indexOf('res'), names.indexOf('pid'), names.indexOf('ptid')]
    }
    for (const code of eventVersions(PROCEXIT)) this.#changes[code] = -1
  }

  /**
   * Looks at what there is. To be called once records flow, so that no thread is missed in between; and again when
   * records were lost, which may have told of threads.
   */
  look(): void {
    const { ownPid, pids } = this.#options
    const listed = this.#options.pidChildren ? [...pids, ...childrenOf(pids)] : pids
    for (const pid of listed) for (const tid of [pid, ...threadsOf(pid)]) this.#set(tid, LISTED)
    if (ownPid === undefined) return
    this.#set(ownPid, OWN)
    // In another pid namespace our threads have other numbers in the records, which /proc does not know.
    if (ownPid === process.pid) for (const tid of threadsOf('self')) this.#set(tid, OWN)
  }

  /** Is the record's thread one that is wanted? Takes notice of what the record says about threads. */
  wants(event: Event, type: number): boolean {
    const { tid } = event
    const change = this.#changes[type]
    if (change !== undefined && change !== -1) this.#made(event, tid, change)
    const wanted = this.#wanted[this.#kinds[tid] ?? OTHER] === 1
    if (change === -1) this.#set(tid, OTHER)
    return wanted
  }

  /** A call that made a thread returns, twice: with 0 in the new thread. */
  #made(event: Event, tid: number, [res, pid, ptid]: readonly [number, number, number]): void {
    if (integer(event, res) !== 0) return
    const leader = integer(event, pid)
    if (leader !== tid) return this.#set(tid, this.#kinds[leader] ?? OTHER)
    const parent = this.#kinds[integer(event, ptid)]
    this.#set(tid, this.#options.pidChildren && parent === LISTED ? LISTED : OTHER)
  }

  #set(tid: number, kind: number): void {
    this.#kinds[tid] = kind
  }
}

/** The low word of an integer parameter; −1 if there is none. */
function integer(event: Event, param: number): number {
  return param < event.nparams && event._paramLength(param) >= 4 ? event._view.getInt32(event._paramAt(param), true) : -1
}

function threadsOf(pid: number | 'self'): number[] {
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
