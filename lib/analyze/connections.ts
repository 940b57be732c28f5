import type { FdInfo } from '../state/fdinfo.js'
import { type Ends, endsOf, isServer, isTcp } from './tcp.js'

/** A TCP connection as one process knows it, however many fds it has for it. */
export interface Connection {
  readonly name: string
  /** It has accepted it; a process may have both ends of a connection. */
  readonly isServer: boolean
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

  /** The connection of that fd, if it still is what the number stands for. */
  at(number: number, fd: FdInfo): Connection | undefined {
    const connection = this.#byFd.get(number)
    return connection !== undefined && connection.name === fd.name && connection.isServer === isServer(fd) ? connection : undefined
  }

  /** The fd with that number is of this connection. */
  add(number: number, fd: FdInfo, began?: bigint): Connection {
    const key = keyOf(fd.name, isServer(fd))
    let connection = this.#byName.get(key)
    if (connection === undefined) {
      connection = { name: fd.name, isServer: isServer(fd), ends: endsOf(fd), began, fds: new Set(), process: undefined, in: 0, out: 0 }
      this.#byName.set(key, connection)
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
    this.#byName.delete(keyOf(connection.name, connection.isServer))
    return connection.process === undefined ? undefined : connection
  }
}

function keyOf(name: string, isServer: boolean): string {
  return isServer ? `server ${name}` : name
}
