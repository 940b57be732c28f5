import type { FdInfo } from '../state/fdinfo.js'
import { type Ends, endsOf, isTcp } from './tcp.js'

/** A TCP connection as one process knows it, however many fds it has for it. */
export interface Connection {
  readonly name: string
  readonly ends: Ends
  /** In ns since the epoch; undefined of one that was there before, or that the process was given. */
  readonly began: bigint | undefined
  readonly fds: Set<number>
  /** Name of the process when it last used it; undefined if it has not. */
  process: string | undefined
  in: number
  out: number
}

/** Those of one process. */
export class Connections {
  readonly #byFd = new Map<number, Connection>()
  readonly #byName = new Map<string, Connection>()

  /** The numbers of its fds. */
  get numbers(): Iterable<number> {
    return this.#byFd.keys()
  }

  at(number: number): Connection | undefined {
    return this.#byFd.get(number)
  }

  /** The fd with that number is of this connection. */
  add(number: number, fd: FdInfo, began?: bigint): Connection {
    const { name } = fd
    let connection = this.#byName.get(name)
    if (connection === undefined) {
      connection = { name, ends: endsOf(fd), began, fds: new Set(), process: undefined, in: 0, out: 0 }
      this.#byName.set(name, connection)
    }
    connection.fds.add(number)
    this.#byFd.set(number, connection)
    return connection
  }

  /** What was open already. */
  addAll(fds: ReadonlyMap<number, FdInfo>): void {
    for (const [number, fd] of fds) if (isTcp(fd) && fd.name !== '') this.add(number, fd)
  }

  /** The fd is gone. Gives the connection if that was the last one of it, and the process has opened or used it. */
  remove(number: number): Connection | undefined {
    const connection = this.#byFd.get(number)
    if (connection === undefined) return undefined
    this.#byFd.delete(number)
    connection.fds.delete(number)
    if (connection.fds.size > 0) return undefined
    this.#byName.delete(connection.name)
    return connection.process === undefined ? undefined : connection
  }
}
