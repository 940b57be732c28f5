import { fdOf, findRole, threadOf } from './initial.js'
import { readFd, readFds } from './fds.js'
import { netnsOf } from './netns.js'
import { Proc } from './proc.js'
import { Sockets } from './sockets.js'
import type { Lookup, State } from './state.js'
import { listedFd } from './snapshot.js'
import { readThread } from './threads.js'

/** Lookups in /proc per second at most: a machine that loses events should not lose more of them by asking. */
const PER_SECOND = 200
const MAX_FDS = 4096

/**
 * Finds out from /proc what no event has told: of a thread whose clone was lost, of an fd that came in a message. It says what
 * is there now, which may be later than the event.
 */
export class ProcLookup implements Lookup {
  readonly #proc = new Proc()
  #second = 0
  #left = PER_SECOND

  thread(tid: number, state: State) {
    if (!this.#mayAsk()) return undefined
    const found = readThread(this.#proc, tid, true)
    if (found === undefined) return undefined
    const thread = threadOf(state, found)
    if (!thread.isMain) return thread
    for (const fd of readFds(this.#proc, tid, new Sockets(this.#proc), MAX_FDS).fds) {
      const info = fdOf(listedFd(fd))
      if (info === undefined) continue
      findRole(state, info)
      thread.fds.set(fd.fd, info)
    }
    return thread
  }

  fd(pid: number, fd: number, state: State) {
    const found = this.#mayAsk() ? readFd(this.#proc, pid, fd, new Sockets(this.#proc)) : undefined
    const info = found && fdOf(listedFd(found))
    if (info !== undefined) findRole(state, info)
    return info
  }

  netns(tid: number): number {
    return this.#mayAsk() ? netnsOf(this.#proc, `${tid}`) : 0
  }

  #mayAsk(): boolean {
    const second = Math.floor(performance.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#left = PER_SECOND
    }
    return this.#left-- > 0
  }
}
