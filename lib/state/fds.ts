import { constants, statSync } from 'node:fs'
import type { Proc } from './proc.js'
import type { Socket, Sockets } from './sockets.js'

/** `openFlags` is a bit set of PPM_O_*: of files all of them, of others PPM_O_CLOEXEC where it is set. */
export type Fd = { fd: number; ino: number; openFlags?: number } & (
  /** `dev` as in the driver's events: major << 8 | minor while both are small. */
  | { type: 'file'; name: string; openFlags: number; dev: number }
  | { type: 'directory' | 'pipe' | AnonymousType | 'unsupported'; name: string }
  | Socket
)

type AnonymousType = 'eventfd' | 'signalfd' | 'eventpoll' | 'inotify' | 'timerfd'

/** The open files of one process. */
export interface FdTable {
  pid: number
  fds: Fd[]
}

/** A link to nothing in the file system says what its target is. */
const ANONYMOUS: ReadonlyMap<string, AnonymousType> = new Map([
  ['anon_inode:[eventfd]', 'eventfd'],
  ['anon_inode:[signalfd]', 'signalfd'],
  ['anon_inode:[eventpoll]', 'eventpoll'],
  ['anon_inode:inotify', 'inotify'],
  ['anon_inode:[timerfd]', 'timerfd'],
])

export function readFds(proc: Proc, pid: number, sockets: Sockets, maxFds: number): FdTable {
  const fds: Fd[] = []
  for (const number of proc.numbers(`${pid}/fd`)) {
    if (fds.length >= maxFds) break
    const fd = readFd(proc, pid, number, sockets)
    if (fd !== undefined) fds.push(fd)
  }
  return { pid, fds }
}

/** One open file; undefined if there is none. */
export function readFd(proc: Proc, pid: number, fd: number, sockets: Sockets): Fd | undefined {
  const name = proc.link(`${pid}/fd/${fd}`)
  if (name === undefined) return undefined
  const flags = readFlags(proc, pid, fd)
  if (name.startsWith('/')) return readFile(proc, pid, fd, name, flags)

  const [, kind, inode] = /^(pipe|socket):\[(\d+)\]$/.exec(name) ?? []
  const ino = Number(inode ?? 0)
  const base = { fd, ino, ...closeOnExec(flags) }
  if (kind === 'pipe') return { ...base, type: 'pipe', name }
  const socket = kind === 'socket' ? sockets.of(pid).get(ino) : undefined
  if (socket !== undefined) return { ...base, ...socket }
  // Also sockets that no table lists: neither bound nor connected, or of a family such as AF_PACKET.
  return { ...base, type: anonymousType(name), name }
}

/** What is said of the flags of anything but a file: does it go with exec? */
export function closeOnExec(linux: number): { openFlags?: number } {
  return (linux & O_CLOEXEC) === 0 ? {} : { openFlags: PPM_O_CLOEXEC }
}

/** Linux's flags of an open file. */
function readFlags(proc: Proc, pid: number, fd: number): number {
  return Number.parseInt(/^flags:\t(\d+)/m.exec(proc.text(`${pid}/fdinfo/${fd}`) ?? '')?.[1] ?? '0', 8)
}

/** Of a link to nothing in the file system. */
export function anonymousType(name: string): AnonymousType | 'unsupported' {
  return ANONYMOUS.get(name) ?? 'unsupported'
}

function readFile(proc: Proc, pid: number, fd: number, name: string, flags: number): Fd | undefined {
  try {
    const stat = statSync(`${proc.root}/${pid}/fd/${fd}`)
    const { ino, dev } = stat
    if (stat.isDirectory()) return { fd, ino, ...closeOnExec(flags), type: 'directory', name }
    if (stat.isFIFO()) return { fd, ino, ...closeOnExec(flags), type: 'pipe', name }
    return { fd, ino, type: 'file', name, openFlags: openFlags(flags), dev }
  } catch {
    return undefined // closed meanwhile
  }
}

const O_ACCMODE = 3
/** The same on every architecture that Node runs on, and missing in its constants. */
const O_CLOEXEC = 0o2000000
const PPM_O_CLOEXEC = 1 << 12
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY

/** Linux's flag and PPM_O_*. O_LARGEFILE is left out: the kernel sets it for every 64-bit process. */
const FLAGS: readonly (readonly [linux: number, ppm: number])[] = [
  [constants.O_CREAT, 1 << 2],
  [constants.O_APPEND, 1 << 3],
  [constants.O_DSYNC, 1 << 4],
  [constants.O_EXCL, 1 << 5],
  [constants.O_NONBLOCK, 1 << 6],
  [constants.O_SYNC, 1 << 7],
  [constants.O_TRUNC, 1 << 8],
  [constants.O_DIRECT, 1 << 9],
  [constants.O_DIRECTORY, 1 << 10],
  [O_CLOEXEC, PPM_O_CLOEXEC],
  [O_TMPFILE, 1 << 13],
]

/** Linux's open flags as PPM_O_*, where the access mode is a bit set too: read 1, write 2, both 3. */
export function openFlags(linux: number): number {
  let flags = (linux & O_ACCMODE) + 1
  for (const [bits, ppm] of FLAGS) if ((linux & bits) === bits) flags |= ppm
  return flags
}
