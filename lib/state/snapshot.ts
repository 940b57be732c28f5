import { CaptureError, isCaptureError } from '../errors.js'
import type { ListedFd } from '../iface/file/lists.js'
import { type Fd, type FdTable, readFds } from './fds.js'
import type { Initial } from './initial.js'
import { type Limits, readIterators } from './iterators.js'
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
  /** One table per process; from iterators also those of threads that have one of their own, by tid. */
  fds: FdTable[]
  /** Where threads and fds come from. */
  source: 'iterators' | 'proc'
  /** Why they come from /proc, although iterators were asked for. */
  insteadOfIterators?: CaptureError
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
  /**
   * 'proc' (default), or 'iterators': BPF iterators for threads and fds, and /proc for what they do not tell. They need what
   * the eBPF probe needs and know more of sockets; where they cannot be had, /proc it is.
   */
  source?: 'iterators' | 'proc'
}

/**
 * Reads what was there before the first event, so that events can be given names. Processes that end meanwhile are left
 * out; without root, so are the files and environments of other users' processes.
 */
export function readSnapshot(options: SnapshotOptions = {}): Snapshot {
  const { env = true, maxThreads = 32_768, maxFds = 4096 } = options
  const proc = new Proc(options.proc)
  const limits = { env, maxThreads, maxFds }
  if (options.source !== 'iterators') return readProc(proc, limits)
  const { machine, interfaces, users, groups } = readSurroundings(proc)
  try {
    if (options.proc !== undefined) {
      throw new CaptureError('ERR_CAPTURE_OPTION', 'BPF iterators know nothing of another /proc', "{ source: 'proc' }")
    }
    return { machine, interfaces, users, groups, ...readIterators(proc, limits, machine.bootTime), source: 'iterators' }
  } catch (error) {
    if (!isCaptureError(error)) throw error
    return { ...readProc(proc, limits), insteadOfIterators: error }
  }
}

function readProc(proc: Proc, { env, maxThreads, maxFds }: Limits): Snapshot {
  const sockets = new Sockets(proc)
  const threads = readThreads(proc, { env, maxThreads })
  return {
    ...readSurroundings(proc),
    threads,
    fds: threads.filter(({ tid, pid }) => tid === pid).map(({ pid }) => readFds(proc, pid, sockets, maxFds)),
    source: 'proc',
  }
}

function readSurroundings(proc: Proc) {
  return {
    machine: readMachine(proc),
    interfaces: readInterfaces(),
    users: readUsers(),
    groups: readGroups(),
  }
}

/** A snapshot as the lists of a file would have it. */
export function listed(snapshot: Snapshot): Initial {
  return { ...snapshot, fds: snapshot.fds.map(({ pid, fds }) => ({ pid, fds: fds.map(listedFd) })) }
}

export function listedFd(fd: Fd): ListedFd {
  return { ...fd, ino: BigInt(fd.ino), name: 'name' in fd ? fd.name : '' } as ListedFd
}
