import type { Event } from '../../event/event.js'
import { CLONED, CLOSE_ON_EXEC, type FdInfo } from '../fdinfo.js'
import type { Cgroups } from '../cgroups.js'
import { int64 } from '../params.js'
import { joinPath } from '../path.js'
import { StringList } from '../stringlist.js'
import type { State } from '../state.js'
import {
  CL_CHILD_IN_PIDNS, CL_CLONE_FILES, CL_CLONE_INVERTED, CL_CLONE_NEWNET, CL_CLONE_THREAD, NEVER, ThreadInfo,
} from '../threadinfo.js'
import { Argument } from './argument.js'
import { type Followers, ofThread, onSuccess } from './follow.js'
import { type Layout, layoutOf, Params } from './params.js'

/** Threads and processes: how they come, what they become, how they end. */

const PID = new Argument('pid')
const PGID = new Argument('pgid')
const UID = new Argument('uid')
const GID = new Argument('gid')
const CAP_INHERITABLE = new Argument('cap_inheritable')
const CAP_PERMITTED = new Argument('cap_permitted')
const CAP_EFFECTIVE = new Argument('cap_effective')

/** Of the event at hand. */
const params = new Params()

/** An entry for a child that was made longer ago is that of another thread, whose end was not seen. */
const STALE_NS = 2_000_000_000

/**
 * Both the caller and the child leave a clone, and which of them is seen first nobody knows. The first one makes the entry. Of a
 * child in another pid namespace the caller only knows a number that means nothing here: then it is the child's to make.
 */
function clone(state: State, ev: Event, caller: ThreadInfo | undefined): void {
  const result = int64(ev, 0, -1)
  if (result < 0) return
  const layout = layoutOf(ev.type)
  params.read(ev)
  const tid = ev.tid
  const flags = params.uint32(layout.flags, 0)
  const vtid = params.int64(layout.vtid, tid)
  const foreign = (flags & CL_CHILD_IN_PIDNS) !== 0 || vtid !== tid
  if (result > 0) {
    if (!foreign && !hasEnded(state, result, caller)) born(state, ev, result, tid, flags, false)
    return
  }
  let child = caller
  if (child !== undefined && child.cloneTime !== NEVER && state.time - child.cloneTime > STALE_NS) {
    state.remove(child)
    child = undefined
  }
  if (child === undefined) {
    born(state, ev, tid, params.int64((flags & CL_CLONE_THREAD) !== 0 ? layout.pid : layout.ptid, -1), flags, foreign)
    ev._thread = state.thread(tid)
    return
  }
  child.vtid = vtid
  child.vpid = params.int64(layout.vpid, child.vpid)
}

/**
 * A child can have lived its whole life before its caller gets the CPU back: its end, seen since the caller's event before, was that of
 * this child. Files are followed as sysdig does, which begins it anew.
 */
function hasEnded(state: State, child: number, caller: ThreadInfo | undefined): boolean {
  return state.live && caller !== undefined && state.endOf(child) > caller.previousTime
}

function born(state: State, ev: Event, tid: number, parentTid: number, flags: number, foreign: boolean): void {
  const byItself = ev.tid === tid
  const parent = state.thread(parentTid) ?? state.discover(parentTid)
  if (parent === undefined) return
  const before = state.thread(tid)
  if (before !== undefined) {
    if ((before.flags & CL_CLONE_INVERTED) !== 0 && !byItself) return
    state.remove(before)
  }
  const layout = layoutOf(ev.type)
  const isThread = (flags & CL_CLONE_THREAD) !== 0
  // Where no fds are kept, all share the empty table.
  const child = new ThreadInfo(tid, isThread || (flags & CL_CLONE_FILES) !== 0 || !state.keepsFds ? parent.fds : copiesOf(parent.fds))
  inherit(state, child, parent, isThread)
  child.netns = (flags & CL_CLONE_NEWNET) === 0 ? parent.netns : state.netnsOf(tid)
  child.ptid = parentTid
  child.pid = isThread ? params.int64(layout.pid, parent.pid) : tid
  child.flags = byItself ? flags | CL_CLONE_INVERTED : flags
  child.exe = params.text(layout.exe, parent.exe) ?? child.exe
  child.comm = params.text(layout.comm, parent.comm) ?? child.exe
  child._args = stringsAt(ev, layout.args)
  readSizes(child, layout)
  child.uid = params.uint32(layout.uid, child.uid)
  child.gid = params.uint32(layout.gid, child.gid)
  child.vtid = foreign ? params.int64(layout.vtid, tid) : tid
  child.vpid = foreign ? params.int64(layout.vpid, child.pid) : child.pid
  child.pidnsStart = params.uint64(layout.pidns_init_start_ts, parent.pidnsStart)
  child._cgroups = params.length(layout.cgroups) === 0 ? parent._cgroups : cgroupsAt(state, ev, layout.cgroups)
  child.cloneTime = state.time
  state.add(child)
}

function stringsAt(ev: Event, index: number): StringList {
  const length = params.length(index)
  const start = params.at(index)
  return length === 0 ? StringList.EMPTY : StringList.from(ev._memory, start, start + length)
}

function cgroupsAt(state: State, ev: Event, index: number): Cgroups {
  const start = params.at(index)
  return state.cgroupLists.in(ev._memory, start, start + params.length(index))
}

/** What a child has from its parent and no event tells. */
function inherit(state: State, child: ThreadInfo, parent: ThreadInfo, isThread: boolean): void {
  child.comm = parent.comm
  child.exe = parent.exe
  child.exepath = parent.exepath
  child.exeWritable = parent.exeWritable
  child.exeUpperLayer = parent.exeUpperLayer
  child.exeLowerLayer = parent.exeLowerLayer
  child.exeFromMemfd = parent.exeFromMemfd
  child.exeIno = parent.exeIno
  child.exeCtime = parent.exeCtime
  child.exeMtime = parent.exeMtime
  child.capInheritable = parent.capInheritable
  child.capPermitted = parent.capPermitted
  child.capEffective = parent.capEffective
  child.root = parent.root
  child.sid = parent.sid
  child.vpgid = parent.vpgid
  child.pgid = parent.pgid
  child.tty = parent.tty
  child.loginuid = parent.loginuid
  child.fdlimit = parent.fdlimit
  if (isThread) return
  child._env = parent._env
  child.cwd = state.cwdOf(parent)
}

function copiesOf(fds: ReadonlyMap<number, FdInfo>): Map<number, FdInfo> {
  const copies = new Map<number, FdInfo>()
  for (const [fd, info] of fds) {
    const copy = info.copy()
    copy.flags |= CLONED
    copies.set(fd, copy)
  }
  return copies
}

function readSizes(thread: ThreadInfo, layout: Layout): void {
  thread.fdlimit = params.int64(layout.fdlimit, thread.fdlimit)
  thread.majorFaults = params.int64(layout.pgft_maj, thread.majorFaults)
  thread.minorFaults = params.int64(layout.pgft_min, thread.minorFaults)
  readMemory(thread, layout)
}

function readMemory(thread: ThreadInfo, layout: Layout): void {
  thread.vmSizeKb = params.uint32(layout.vm_size, thread.vmSizeKb)
  thread.vmRssKb = params.uint32(layout.vm_rss, thread.vmRssKb)
  thread.vmSwapKb = params.uint32(layout.vm_swap, thread.vmSwapKb)
}

const FILENAME = new Argument('filename', 'pathname')
const DIRFD = new Argument('dirfd')

// PPM_EXE_* in the driver's ppm_events_public.h.
const EXE_WRITABLE = 1 << 0
const EXE_UPPER_LAYER = 1 << 1
const EXE_FROM_MEMFD = 1 << 2
const EXE_LOWER_LAYER = 1 << 3

function execve(state: State, ev: Event, thread: ThreadInfo): void {
  const layout = layoutOf(ev.type)
  params.read(ev)
  thread.exe = params.text(layout.exe, thread.exe) ?? ''
  thread.comm = params.text(layout.comm, thread.comm) ?? thread.exe
  thread._args = stringsAt(ev, layout.args)
  const pid = params.int64(layout.pid, thread.pid)
  if (thread.pid !== pid) {
    thread.pid = pid
    thread.main = undefined
  }
  if (thread.ptid === -1) thread.ptid = params.int64(layout.ptid, -1)
  readSizes(thread, layout)
  thread._env = stringsAt(ev, layout.env)
  if (params.length(layout.cgroups) > 0) thread._cgroups = cgroupsAt(state, ev, layout.cgroups)
  thread.tty = params.uint32(layout.tty, thread.tty)
  thread.vpgid = params.int64(layout.vpgid, thread.vpgid)
  thread.pgid = params.int64(layout.pgid, thread.pgid)
  thread.loginuid = params.uint32(layout.loginuid, thread.loginuid)
  if (ev.type === EXECVE_WITH_FLAGS || ev.type === EXECVEAT) readFileFlags(thread, params.uint32(EXE_FLAGS, 0))
  thread.capInheritable = params.uint64(layout.cap_inheritable, thread.capInheritable)
  thread.capPermitted = params.uint64(layout.cap_permitted, thread.capPermitted)
  thread.capEffective = params.uint64(layout.cap_effective, thread.capEffective)
  thread.exeIno = params.uint64(layout.exe_ino, thread.exeIno)
  thread.exeCtime = params.uint64(layout.exe_ino_ctime, thread.exeCtime)
  thread.exeMtime = params.uint64(layout.exe_ino_mtime, thread.exeMtime)
  thread.uid = params.uint32(layout.uid, thread.uid)
  thread.gid = params.uint32(layout.gid, thread.gid)
  thread.exepath = exepath(state, ev, thread, layout)
  if (thread.isMain) state.endOthers(thread)
  if (state.keepsFds) closeOnExec(thread)
  thread.flags &= CL_CLONE_INVERTED
}

function readFileFlags(thread: ThreadInfo, flags: number): void {
  thread.exeWritable = (flags & EXE_WRITABLE) !== 0
  thread.exeUpperLayer = (flags & EXE_UPPER_LAYER) !== 0
  thread.exeFromMemfd = (flags & EXE_FROM_MEMFD) !== 0
  thread.exeLowerLayer = (flags & EXE_LOWER_LAYER) !== 0
}

// The execve events whose exit says flags of the file; in those of execveat the name stands for the call's own flags as well.
const EXECVE_WITH_FLAGS = 293
const EXECVEAT = 331
const EXE_FLAGS = 19

/** The kernel's own word for it where the driver gives it, else what the caller asked for, as a path from the root. */
function exepath(state: State, ev: Event, thread: ThreadInfo, layout: Layout): string {
  const trusted = params.text(layout.trusted_exepath, thread.exepath)
  if (trusted !== undefined && trusted !== '') return trusted
  const filename = FILENAME.text(state, ev, thread)
  if (filename === undefined) return thread.exepath
  if (filename.startsWith('<NA>')) return '<NA>'
  const dirfd = DIRFD.int64(state, ev, thread, AT_FDCWD)
  const base = dirfd === AT_FDCWD ? state.cwdOf(thread) : state.fdOf(thread, dirfd)?.name ?? '<UNKNOWN>'
  return filename === '' ? base : joinPath(base, filename)
}

const AT_FDCWD = -100

/** The new program has its own table of fds, without those that are marked. */
function closeOnExec(thread: ThreadInfo): void {
  const fds = new Map<number, FdInfo>()
  const shared = (thread.flags & (CL_CLONE_FILES | CL_CLONE_THREAD)) !== 0
  for (const [fd, info] of thread.fds) {
    if ((info.flags & CLOSE_ON_EXEC) === 0) fds.set(fd, shared ? info.copy() : info)
  }
  thread.fds = fds
}

const REAPER = new Argument('reaper_tid')

function procexit(state: State, ev: Event, thread: ThreadInfo): void {
  state.exitLater(thread)
  const reaper = REAPER.int64(state, ev, thread, -1)
  if (reaper <= 0 || !thread.isMain) return
  for (const other of state.threads.values()) if (other.ptid === thread.tid && other.pid !== thread.pid) other.ptid = reaper
}

const OPTION = new Argument('option')
const NAME = new Argument('arg2_str')
/** PPM_PR_SET_NAME; prctl(2). */
const PR_SET_NAME = 15

function prctl(state: State, ev: Event, thread: ThreadInfo): void {
  if (OPTION.uint32(state, ev, thread, 0) !== PR_SET_NAME) return
  thread.comm = NAME.text(state, ev, thread) ?? thread.comm
}

const EUID = new Argument('euid')
const EGID = new Argument('egid')
const NO_ID = 0xffff_ffff

/** The number that stands for "leave it" changes nothing. */
function setEffectiveUser(id: Argument) {
  return onSuccess((state, ev, thread) => {
    const uid = id.uint32(state, ev, thread, NO_ID)
    if (uid !== NO_ID) thread.uid = uid
  })
}

function setEffectiveGroup(id: Argument) {
  return onSuccess((state, ev, thread) => {
    const gid = id.uint32(state, ev, thread, NO_ID)
    if (gid !== NO_ID) thread.gid = gid
  })
}

const PATH = new Argument('path')

/** Moves the working directory of the whole process. */
function changeDirectory(state: State, thread: ThreadInfo, path: string): void {
  const main = state.mainOf(thread)
  if (main === undefined) return
  const cwd = joinPath(main.cwd, path)
  main.cwd = cwd.endsWith('/') ? cwd : `${cwd}/`
}

/** A new session begins with a process group of the same number, which is the caller's own in its pid namespace. */
function setsid(thread: ThreadInfo, sid: number): void {
  thread.sid = sid
  thread.vpgid = sid
  if (thread.vpid === thread.pid) thread.pgid = sid
}

function setpgid(state: State, ev: Event, thread: ThreadInfo): void {
  const pid = PID.int64(state, ev, thread, -1)
  const pgid = PGID.int64(state, ev, thread, -1)
  // Numbers of the caller's own pid namespace: only in the initial one is it clear who that is.
  const other = pid === 0 || pid === thread.vpid ? state.mainOf(thread) : state.live || thread.vpid === thread.pid ? state.thread(pid) : undefined
  if (other === undefined || pgid < 0) return
  other.vpgid = pgid === 0 ? other.vpid : pgid
  if (other.vpid === other.pid) other.pgid = other.vpgid
}

const RESOURCE = new Argument('resource')
const CURRENT = new Argument('cur')
const NEW_LIMIT = new Argument('newcur')
/** PPM_RLIMIT_NOFILE. */
const RLIMIT_NOFILE = 7

/** getrlimit tells the limit as well as setrlimit does. */
function rlimit(state: State, ev: Event, thread: ThreadInfo): void {
  if (RESOURCE.uint8(state, ev, thread, 0xff) !== RLIMIT_NOFILE) return
  const limit = CURRENT.int64(state, ev, thread, -1)
  const main = state.mainOf(thread)
  if (limit !== -1 && main !== undefined) main.fdlimit = limit
}

function prlimit(state: State, ev: Event, thread: ThreadInfo): void {
  if (RESOURCE.uint8(state, ev, thread, 0xff) !== RLIMIT_NOFILE) return
  const limit = NEW_LIMIT.int64(state, ev, thread, -1)
  const pid = PID.int64(state, ev, thread, 0)
  const target = pid === 0 ? thread : state.thread(pid)
  const main = target && state.mainOf(target)
  if (limit !== -1 && main !== undefined) main.fdlimit = limit
}

/** What the thread has used so far; its memory is its process's. */
function contextSwitch(state: State, ev: Event, thread: ThreadInfo): void {
  params.read(ev)
  const layout = layoutOf(ev.type)
  thread.majorFaults = params.int64(layout.pgft_maj, thread.majorFaults)
  thread.minorFaults = params.int64(layout.pgft_min, thread.minorFaults)
  const main = state.mainOf(thread)
  if (main !== undefined) readMemory(main, layout)
}

function capset(state: State, ev: Event, thread: ThreadInfo): void {
  thread.capInheritable = CAP_INHERITABLE.uint64(state, ev, thread, thread.capInheritable)
  thread.capPermitted = CAP_PERMITTED.uint64(state, ev, thread, thread.capPermitted)
  thread.capEffective = CAP_EFFECTIVE.uint64(state, ev, thread, thread.capEffective)
}

const memory = ofThread((_state, ev, thread) => {
  params.read(ev)
  readMemory(thread, layoutOf(ev.type))
})

/** Which threads there are, and what programs they run. */
export const PROGRAMS: Followers = {
  enter: {
    procexit: ofThread(procexit),
  },
  exit: {
    clone, clone3: clone, fork: clone, vfork: clone,
    execve: onSuccess(execve),
    execveat: onSuccess(execve),
    prctl: onSuccess(prctl),
  },
}

/** What else they are: users, groups, sessions, directories, limits. */
export const ATTRIBUTES: Followers = {
  exit: {
    setuid: setEffectiveUser(UID),
    setreuid: setEffectiveUser(EUID),
    setresuid: setEffectiveUser(EUID),
    setgid: setEffectiveGroup(GID),
    setregid: setEffectiveGroup(EGID),
    setresgid: setEffectiveGroup(EGID),
    setsid: onSuccess((_state, _ev, thread, sid) => setsid(thread, sid)),
    setpgid: onSuccess(setpgid),
    capset: onSuccess(capset),
    chdir: onSuccess((state, ev, thread) => changeDirectory(state, thread, PATH.text(state, ev, thread) ?? '')),
    getcwd: onSuccess((state, ev, thread) => changeDirectory(state, thread, PATH.text(state, ev, thread) ?? '')),
    fchdir: onSuccess((state, ev, thread) => { if (ev._fd !== undefined) changeDirectory(state, thread, ev._fd.name) }),
    chroot: onSuccess((state, ev, thread) => {
      const path = PATH.text(state, ev, thread)
      if (path !== undefined) thread.root = joinPath(state.cwdOf(thread), path)
    }),
    getrlimit: onSuccess(rlimit),
    setrlimit: onSuccess(rlimit),
    prlimit: onSuccess(prlimit),
  },
}

/** What they use: a part of its own, because its events are many and seldom asked for. */
export const USAGE: Followers = {
  enter: { switch: ofThread(contextSwitch) },
  exit: { brk: memory, mmap: memory, mmap2: memory, munmap: memory },
}
