import type { ListedFd } from '../iface/file/lists.js'
import { type Fd, type FdTable, readFds } from './fds.js'
import type { Initial } from './initial.js'
import { type InterfaceAddress, readInterfaces } from './interfaces.js'
import { type Machine, readMachine } from './machine.js'
import { Proc } from './proc.js'
import { Sockets } from './sockets.js'
import { readThreads, type Thread } from './threads.js'
import { type Group, readGroups, readUsers, type User } from './users.js'

/** What events are about: the machine, and its processes and their open files at one moment. */
export interface Snapshot {
  machine: Machine
  interfaces: InterfaceAddress[]
  users: User[]
  groups: Group[]
  threads: Thread[]
  /** One table per process. */
  fds: FdTable[]
}

export interface SnapshotOptions {
  /** Environment variables too (default). They can hold secrets, and a snapshot goes into the files that are written. */
  env?: boolean
  /** Threads at most, 32 768 by default. */
  maxThreads?: number
  /** Open files of one process at most, 4096 by default. */
  maxFds?: number
  /** Where procfs is mounted: in a container that watches its host, say, /host/proc. */
  proc?: string
}

/**
 * Reads from /proc what was there before the first event, so that events can be given names. Processes that end
 * meanwhile are left out; without root, so are the files and environments of other users' processes.
 */
export function readSnapshot(options: SnapshotOptions = {}): Snapshot {
  const { env = true, maxThreads = 32_768, maxFds = 4096 } = options
  const proc = new Proc(options.proc)
  const sockets = new Sockets(proc)
  const threads = readThreads(proc, { env, maxThreads })
  return {
    machine: readMachine(proc),
    interfaces: readInterfaces(),
    users: readUsers(),
    groups: readGroups(),
    threads,
    fds: threads.filter(({ tid, pid }) => tid === pid).map(({ pid }) => readFds(proc, pid, sockets, maxFds)),
  }
}

/** A snapshot as the lists of a file would have it. */
export function listed(snapshot: Snapshot): Initial {
  return { ...snapshot, fds: snapshot.fds.map(({ pid, fds }) => ({ pid, fds: fds.map(listedFd) })) }
}

export function listedFd(fd: Fd): ListedFd {
  return { ...fd, ino: BigInt(fd.ino), name: 'name' in fd ? fd.name : '' } as ListedFd
}
