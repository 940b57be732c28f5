import type { Event } from '../../event/event.js'
import { CLOSE_CANCELED, CLOSE_IN_PROGRESS, CLOSE_ON_EXEC, FD, FdInfo } from '../fdinfo.js'
import { joinPath } from '../path.js'
import { CANCELED, type State } from '../state.js'
import type { ThreadInfo } from '../threadinfo.js'
import { Argument } from './argument.js'
import { type Followers, ofThread, onSuccess } from './follow.js'

/** File descriptors: how they come, are copied, and go. Those of sockets: sockets.ts. */

const NAME = new Argument('name')
const PATH = new Argument('path')
const FLAGS = new Argument('flags')
const DIRFD = new Argument('dirfd')
const DEV = new Argument('dev')
const INO = new Argument('ino')

// PPM_O_* in the driver's ppm_events_public.h.
const O_DIRECTORY = 1 << 10
const O_CLOEXEC = 1 << 12
const AT_FDCWD = -100

/** open, openat, creat: also one that failed says, as the event's fd, which directory it started from. */
function open(state: State, ev: Event, thread: ThreadInfo | undefined): void {
  if (thread === undefined) return
  const name = NAME.text(state, ev, thread) ?? ''
  const base = directory(state, ev, thread, name)
  if (ev._error === 0) opened(state, ev, thread, joinPath(base, name))
}

function openByHandle(state: State, ev: Event, thread: ThreadInfo): void {
  opened(state, ev, thread, PATH.text(state, ev, thread) ?? '')
}

function opened(state: State, ev: Event, thread: ThreadInfo, path: string): void {
  const fd = RESULT.int64(state, ev, thread, -1)
  if (fd < 0) return
  const flags = FLAGS.uint32(state, ev, thread, 0)
  const info = new FdInfo()
  info.type = (flags & O_DIRECTORY) !== 0 ? FD.DIRECTORY : FD.FILE_V2
  info.openFlags = flags
  if ((flags & O_CLOEXEC) !== 0) info.flags = CLOSE_ON_EXEC
  info.dev = DEV.uint32(state, ev, thread, 0)
  info.ino = INO.uint64(state, ev, thread, 0n)
  info.name = path
  ev._fd = state.openFd(thread, fd, info)
}

/** The first parameter: the new fd, or the error. */
const RESULT = new Argument('fd', 'res')

/** Where a relative path starts. */
function directory(state: State, ev: Event, thread: ThreadInfo, name: string): string {
  if (name.startsWith('/')) return ''
  const dirfd = DIRFD.int64(state, ev, thread, AT_FDCWD)
  if (dirfd === AT_FDCWD) return state.cwdOf(thread)
  ev._fd = state.fdOf(thread, dirfd)
  return ev._fd?.name ?? '<UNKNOWN>'
}

/** A close is not done before it has returned: until then the number may be given away again. */
function closeEnter(ev: Event): void {
  const info = ev._fd
  if (info !== undefined) info.flags = (info.flags & ~CLOSE_CANCELED) | CLOSE_IN_PROGRESS
}

function closeExit(state: State, ev: Event, thread: ThreadInfo): void {
  const info = ev._fd
  if (info === undefined) return
  if (ev._error !== 0) {
    info.flags &= ~CLOSE_IN_PROGRESS
  } else if ((info.flags & CLOSE_CANCELED) !== 0) {
    // Somebody else has the number already: what was closed is the one before.
    info.flags &= ~CLOSE_CANCELED
    ev._fd = thread.fds.get(CANCELED) ?? info
    state.closeLater(thread, CANCELED)
  } else {
    state.closeLater(thread, thread.lastFd)
  }
}

const FIRST = new Argument('first')
const LAST = new Argument('last')
// CLOSE_RANGE_* in linux/close_range.h, which the driver passes on as they are.
const CLOSE_RANGE_UNSHARE = 1 << 1
const CLOSE_RANGE_CLOEXEC = 1 << 2

function closeRange(state: State, ev: Event, thread: ThreadInfo): void {
  const first = FIRST.uint32(state, ev, thread, 0)
  const last = LAST.uint32(state, ev, thread, 0)
  const flags = FLAGS.uint32(state, ev, thread, 0)
  if ((flags & CLOSE_RANGE_UNSHARE) !== 0) thread.fds = new Map([...thread.fds].map(([fd, info]) => [fd, info.copy()]))
  for (const [fd, info] of thread.fds) {
    if (fd < first || fd > last) continue
    if ((flags & CLOSE_RANGE_CLOEXEC) !== 0) info.flags |= CLOSE_ON_EXEC
    else thread.fds.delete(fd)
  }
}

const OLD_FD = new Argument('oldfd')

/** dup, dup2, dup3: a copy is not closed on exec unless dup3 says so. */
function dup(state: State, ev: Event, thread: ThreadInfo, fd: number): void {
  // dup2 of an fd onto itself does nothing.
  if (fd === thread.lastFd && ev._fd !== undefined) return
  const from = ev._fd ?? state.fdOf(thread, OLD_FD.int64(state, ev, thread, thread.lastFd))
  if (from === undefined) {
    // Whatever was there before is gone.
    thread.fds.delete(fd)
    return
  }
  const flags = ev.type === DUP3 ? FLAGS.uint32(state, ev, thread, 0) : 0
  duplicate(state, ev, thread, fd, from, (flags & O_CLOEXEC) !== 0)
}

const DUP3 = 365

function duplicate(state: State, ev: Event, thread: ThreadInfo, fd: number, from: FdInfo, closeOnExec: boolean): void {
  const info = from.copy()
  info.flags = (info.flags & ~(CLOSE_ON_EXEC | CLOSE_IN_PROGRESS | CLOSE_CANCELED)) | (closeOnExec ? CLOSE_ON_EXEC : 0)
  ev._fd = state.openFd(thread, fd, info)
}

const CMD = new Argument('cmd')
const ARG = new Argument('arg')
// PPM_FCNTL_* in the driver's ppm_events_public.h.
const F_DUPFD = 1
const F_SETFD = 3
const F_DUPFD_CLOEXEC = 26
const FD_CLOEXEC = 1

function fcntl(state: State, ev: Event, thread: ThreadInfo, result: number): void {
  const info = ev._fd
  if (info === undefined) return
  const cmd = CMD.uint8(state, ev, thread, 0)
  if (cmd === F_DUPFD || cmd === F_DUPFD_CLOEXEC) duplicate(state, ev, thread, result, info, cmd === F_DUPFD_CLOEXEC)
  else if (cmd === F_SETFD) setCloseOnExec(info, (Number(ARG.uint64(state, ev, thread, 0n)) & FD_CLOEXEC) !== 0)
}

function setCloseOnExec(info: FdInfo, on: boolean): void {
  if (on) info.flags |= CLOSE_ON_EXEC
  else info.flags &= ~CLOSE_ON_EXEC
}

const FD1 = new Argument('fd1')
const FD2 = new Argument('fd2')

function pipe(state: State, ev: Event, thread: ThreadInfo): void {
  const closeOnExec = (FLAGS.uint32(state, ev, thread, 0) & O_CLOEXEC) !== 0
  const ino = INO.uint64(state, ev, thread, 0n)
  for (const end of [FD1, FD2]) {
    const info = new FdInfo()
    info.type = FD.FIFO
    info.ino = ino
    if (closeOnExec) info.flags = CLOSE_ON_EXEC
    ev._fd = state.openFd(thread, end.int64(state, ev, thread, -1), info)
  }
}

const NOTHING = new Argument()

/** Calls whose result is an fd of that type. `name`: the parameter that gives it one. `cloexec`: the bits of `flags` that close it on exec. */
function creates(type: number, cloexec: number, name: Argument = NOTHING) {
  return onSuccess((state, ev, thread, fd) => {
    const info = new FdInfo()
    info.type = type
    info.name = name.text(state, ev, thread) ?? ''
    if (cloexec === ALWAYS || (flagsOf(state, ev, thread) & cloexec) !== 0) info.flags = CLOSE_ON_EXEC
    ev._fd = state.openFd(thread, fd, info)
  })
}

/** Flags are of one, two or four bytes. */
function flagsOf(state: State, ev: Event, thread: ThreadInfo): number {
  let flags = 0
  FLAGS.bytes(state, ev, thread, (from, at, length) => {
    flags = length >= 4 ? from._view.getUint32(at, true) : length >= 2 ? from._view.getUint16(at, true) : from._view.getUint8(at)
  })
  return flags
}

/** memfd and epoll have a bit of their own for it, the other calls have O_CLOEXEC. */
const OWN_CLOEXEC = 1
const NEVER = 0
const ALWAYS = -1

export const FILES: Followers = {
  enter: {
    close: (_state, ev) => closeEnter(ev),
  },
  exit: {
    open, openat: open, openat2: open, creat: open,
    open_by_handle_at: ofThread(openByHandle),
    close: ofThread(closeExit),
    close_range: onSuccess(closeRange),
    dup: onSuccess(dup), dup2: onSuccess(dup), dup3: onSuccess(dup),
    fcntl: onSuccess(fcntl),
    pipe: onSuccess(pipe), pipe2: onSuccess(pipe),
    eventfd: creates(FD.EVENT, NEVER), eventfd2: creates(FD.EVENT, O_CLOEXEC),
    signalfd: creates(FD.SIGNALFD, NEVER), signalfd4: creates(FD.SIGNALFD, O_CLOEXEC),
    timerfd_create: creates(FD.TIMERFD, NEVER),
    inotify_init: creates(FD.INOTIFY, NEVER), inotify_init1: creates(FD.INOTIFY, O_CLOEXEC),
    epoll_create: creates(FD.EVENTPOLL, NEVER), epoll_create1: creates(FD.EVENTPOLL, OWN_CLOEXEC),
    userfaultfd: creates(FD.USERFAULTFD, O_CLOEXEC),
    io_uring_setup: creates(FD.IO_URING, ALWAYS),
    memfd_create: creates(FD.MEMFD, OWN_CLOEXEC, NAME),
    pidfd_open: creates(FD.PIDFD, ALWAYS),
  },
}
