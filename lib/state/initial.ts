import type { ListedFd, ListedThread, Lists } from '../iface/file/lists.js'
import { CLOSE_ON_EXEC, CONNECTED, FD, FdInfo, type Ip, L4, ROLE_CLIENT, ROLE_SERVER } from './fdinfo.js'
import { StringList } from './stringlist.js'
import { joinPath } from './path.js'
import { endsText, isMappedAt, swapEnds } from './socketname.js'
import type { Endpoint } from './sockets.js'
import { MAX_FDS, MAX_THREADS, type State } from './state.js'
import { CL_CLONE_FILES, CL_CLONE_THREAD, NEVER, NO_NAME, ThreadInfo } from './threadinfo.js'

/** What the lists say of the moment before the first event. */
export type Initial = Omit<Lists, 'damaged'>

/** Takes into a state what was there before the first event. What events have told of a thread stays. */
export function fill(state: State, { machine, interfaces, users, groups, threads, fds }: Initial): void {
  state.machine = machine ?? state.machine
  if (interfaces.length > 0) state.interfaces = interfaces
  for (const user of users) state.users.set(user.uid, user)
  for (const group of groups) state.groups.set(group.gid, group)
  for (const listed of threads) if (isNews(state, listed.tid) && hasRoom(state, listed.tid)) addThread(state, threadOf(state, listed))
  for (const { pid, fds: list } of state.keepsFds ? fds : []) {
    const thread = state.thread(pid) ?? (hasRoom(state, pid) ? addThread(state, new ThreadInfo(pid)) : undefined)
    if (thread === undefined) continue
    for (const listed of list) addFd(state, thread, listed)
  }
  shareFds(state)
  for (const thread of state.threads.values()) {
    if (!thread.isMain) continue
    for (const info of thread.fds.values()) findRole(state, info)
  }
  state.watch?.begin(state)
}

/** A thread of which only the number is known from events can be named. */
function isNews(state: State, tid: number): boolean {
  const known = state.thread(tid)
  return known === undefined || (known.comm === NO_NAME && known.cloneTime === NEVER)
}

function hasRoom(state: State, tid: number): boolean {
  return state.threads.size < MAX_THREADS || state.thread(tid) !== undefined
}

function addThread(state: State, thread: ThreadInfo): ThreadInfo {
  state.forget(thread.tid)
  state.threads.set(thread.tid, thread)
  return thread
}

/** Threads have the fds of their process, and count as its. */
function shareFds(state: State): void {
  for (const thread of state.threads.values()) {
    const main = thread.isMain ? undefined : state.mainOf(thread)
    if (main === undefined) continue
    if ((thread.flags & CL_CLONE_FILES) !== 0) thread.fds = main.fds
    if ((thread.flags & CL_CLONE_THREAD) !== 0) main.nchilds++
  }
}

export function threadOf(state: State, listed: ListedThread): ThreadInfo {
  const thread = new ThreadInfo(listed.tid)
  const isMain = listed.tid === listed.pid
  const { args, env, cgroups, cwd, ...rest } = listed
  Object.assign(thread, defined(rest))
  thread._args = StringList.of(args)
  if (isMain) {
    thread._env = StringList.of(env ?? [])
    const path = joinPath('', cwd)
    thread.cwd = path.endsWith('/') ? path : `${path}/`
  }
  thread._cgroups = state.cgroupLists.of(cgroups ?? [])
  return thread
}

function defined<T extends object>(entry: T): Partial<T> {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined)) as Partial<T>
}

function addFd(state: State, thread: ThreadInfo, listed: ListedFd): void {
  const info = fdOf(listed)
  if (info === undefined) return
  if (info.isServerSocket) state.serverPorts.add(info.sport)
  if (thread.fds.size < MAX_FDS) thread.fds.set(listed.fd, info)
}

/** Of one that was open already; undefined for kinds that nobody can say anything about. */
export function fdOf(listed: ListedFd): FdInfo | undefined {
  const info = new FdInfo()
  info.ino = listed.ino
  info.name = listed.name
  info.openFlags = listed.openFlags ?? 0
  if ((info.openFlags & O_CLOEXEC) !== 0) info.flags = CLOSE_ON_EXEC
  if (listed.type === 'inet') return socket(info, listed)
  if (listed.type === 'unknown') return undefined
  info.type = TYPES[listed.type]
  if (listed.type === 'unix') {
    info.source = listed.source ?? 0n
    info.destination = listed.destination ?? 0n
    info.flags |= listed.name === '' ? ROLE_CLIENT : ROLE_SERVER
  }
  info.dev = listed.dev ?? 0
  return info
}

const O_CLOEXEC = 1 << 12

function socket(info: FdInfo, { local, remote, l4, netns }: ListedFd): FdInfo | undefined {
  if (local === undefined) return undefined
  info.l4 = l4 === undefined ? L4.UNKNOWN : PROTOCOLS[l4]
  info.netns = netns ?? 0
  const mapped = remote !== undefined && isMapped(local) && isMapped(remote)
  const v6 = local.address.length === 16 && !mapped
  info.sip = ip(local, mapped)
  info.sport = local.port
  if (remote === undefined) {
    info.type = v6 ? FD.IPV6_SERVER : FD.IPV4_SERVER
  } else {
    info.type = v6 ? FD.IPV6 : FD.IPV4
    info.dip = ip(remote, mapped)
    info.dport = remote.port
    if (info.l4 === L4.TCP) info.flags |= CONNECTED
  }
  info.name = endsText(info)
  return info
}

const PROTOCOLS = { tcp: L4.TCP, udp: L4.UDP, icmp: L4.ICMP, raw: L4.RAW }

function isMapped({ address }: Endpoint): boolean {
  return address.length === 16 && isMappedAt(new DataView(address.buffer, address.byteOffset, 16), 0)
}

function ip({ address }: Endpoint, mapped: boolean): Ip {
  if (address.length === 16 && !mapped) return address
  const at = address.length - 4
  return ((address[at] << 24) | (address[at + 1] << 16) | (address[at + 2] << 8) | address[at + 3]) >>> 0
}

/** The end whose port somebody listens at is the server. */
export function findRole(state: State, info: FdInfo): void {
  if (!info.isIpSocket) return
  if (!state.serverPorts.has(info.sport)) {
    info.flags |= ROLE_CLIENT
    return
  }
  swapEnds(info)
  info.flags |= ROLE_SERVER
  info.name = endsText(info)
}

const TYPES: Readonly<Record<Exclude<ListedFd['type'], 'inet' | 'unknown'>, number>> = {
  file: FD.FILE_V2, directory: FD.DIRECTORY, pipe: FD.FIFO, unix: FD.UNIX, eventfd: FD.EVENT, unsupported: FD.UNSUPPORTED,
  signalfd: FD.SIGNALFD, eventpoll: FD.EVENTPOLL, inotify: FD.INOTIFY, timerfd: FD.TIMERFD, netlink: FD.NETLINK, bpf: FD.BPF,
  userfaultfd: FD.USERFAULTFD, io_uring: FD.IO_URING, memfd: FD.MEMFD, pidfd: FD.PIDFD,
}
