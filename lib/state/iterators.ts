import { guarded, native } from '../native.js'
import { anonymousType, closeOnExec, type Fd, type FdTable, openFlags, readFds } from './fds.js'
import { type KernelFile, type KernelThread, parseFiles, parseThreads } from './kernelrecords.js'
import type { Proc } from './proc.js'
import { type Endpoint, type L4, netlinkName, type Socket, Sockets } from './sockets.js'
import { isWritable, PPM_CL_CLONE_FILES, PPM_CL_CLONE_THREAD, readProcess, readStrings, type Strings, type Thread } from './threads.js'

export interface Limits {
  env: boolean
  maxThreads: number
  maxFds: number
}

/**
 * Threads and fds by BPF iterators. Command lines, environments, cgroups and the paths of program, working and root directory
 * are /proc's. `bootTime` in ns since the epoch.
 *
 * @throws CaptureError ERR_CAPTURE_NO_PROBE, ERR_CAPTURE_PERM
 */
export function readIterators(proc: Proc, limits: Limits, bootTime: bigint): { threads: Thread[]; fds: FdTable[] } {
  const { env, maxThreads, maxFds } = limits
  const records = guarded(() => native().readKernelState(maxFds))
  const tables = new Map<number, FdTable>()
  parseFiles(records.files, (file) => {
    let table = tables.get(file.tid)
    if (table === undefined) tables.set(file.tid, table = { pid: file.tid, fds: [] })
    table.fds.push(fdOf(file))
  })
  const threads: Thread[] = []
  const fds: FdTable[] = []
  const shown = parseThreads(records.threads)
  for (const process of processes(shown)) {
    if (threads.length + process.length > maxThreads) break
    const strings = readStrings(proc, process[0].localPid, env)
    for (const own of process) {
      threads.push(threadOf(own, process, strings, bootTime))
      const isMain = own.tid === own.pid
      if (isMain || !own.sharesFiles) fds.push(tables.get(own.tid) ?? { pid: own.tid, fds: [] })
    }
  }
  for (const pid of hiddenParents(shown)) {
    const process = readProcess(proc, pid, { env, maxThreads: maxThreads - threads.length })
    if (process.length === 0 || threads.length >= maxThreads) continue
    threads.push(...process)
    fds.push(readFds(proc, pid, new Sockets(proc), maxFds))
  }
  return { threads, fds }
}

/**
 * Parents that the iterators have not shown, but /proc may: a kernel can be made to keep the first process to itself. Only in
 * the initial pid namespace: elsewhere /proc has other numbers.
 */
function hiddenParents(threads: readonly KernelThread[]): Set<number> {
  const pids = new Set(threads.map(({ pid }) => pid))
  return new Set(threads.filter(({ pid, localPid, ptid }) => pid === localPid && ptid !== 0 && !pids.has(ptid)).map(({ ptid }) => ptid))
}

/** The threads of each process, the main thread first. */
function processes(threads: readonly KernelThread[]): KernelThread[][] {
  const byPid = new Map<number, KernelThread[]>()
  for (const thread of threads) {
    const process = byPid.get(thread.pid)
    if (process === undefined) byPid.set(thread.pid, [thread])
    else if (thread.tid === thread.pid) process.unshift(thread)
    else process.push(thread)
  }
  return [...byPid.values()]
}

function threadOf(own: KernelThread, process: readonly KernelThread[], strings: Strings, bootTime: bigint): Thread {
  const { exe, sharesFiles, localPid, start, endedMajorFaults, endedMinorFaults, pidnsStart, ...same } = own
  const isMain = own.tid === own.pid
  // /proc says of the main thread what the whole process did.
  const sum = (key: 'majorFaults' | 'minorFaults', ended: number) =>
    isMain ? process.reduce((total, thread) => total + thread[key], ended) : own[key]
  return {
    ...same,
    ...strings,
    majorFaults: sum('majorFaults', endedMajorFaults),
    minorFaults: sum('minorFaults', endedMinorFaults),
    flags: isMain ? 0 : PPM_CL_CLONE_THREAD | (sharesFiles ? PPM_CL_CLONE_FILES : 0),
    exeWritable: exe.ino !== 0n && isWritable(exe, own.uid, own.gid),
    exeIno: exe.ino,
    exeCtime: exe.ctime,
    exeMtime: exe.mtime,
    pidnsStart: bootTime + pidnsStart,
  }
}

const S_IFMT = 0o170000
const S_IFDIR = 0o040000
const S_IFIFO = 0o010000

function fdOf(file: KernelFile): Fd {
  const { fd, path: name, mode } = file
  const ino = Number(file.ino)
  if (name.startsWith('/')) {
    if ((mode & S_IFMT) === S_IFDIR) return { fd, ino, ...closeOnExec(file.flags), type: 'directory', name }
    if ((mode & S_IFMT) === S_IFIFO) return { fd, ino, ...closeOnExec(file.flags), type: 'pipe', name }
    return { fd, ino, type: 'file', name, openFlags: openFlags(file.flags), dev: file.dev }
  }
  const base = { fd, ino, ...closeOnExec(file.flags) }
  if (name.startsWith('pipe:')) return { ...base, type: 'pipe', name }
  if (file.family !== 0) return { ...base, ...(socketOf(file) ?? { type: 'unsupported', name }) }
  // All of these share inodes that say nothing.
  return { ...base, ino: 0, type: anonymousType(name), name }
}

const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10
const AF_NETLINK = 16

/** Undefined for what says nothing yet: neither bound nor connected, or of another family. */
function socketOf(file: KernelFile): Socket | undefined {
  switch (file.family) {
    case AF_UNIX:
      return { type: 'unix', source: file.sock, destination: file.peer, name: unixName(file.unixPath) }
    case AF_NETLINK:
      return { type: 'netlink', name: netlinkName(file.protocol) }
    case AF_INET:
    case AF_INET6: {
      const l4 = l4Of(file)
      if (l4 === undefined) return undefined
      const size = file.family === AF_INET ? 4 : 16
      const end = (address: Buffer, port: number): Endpoint => ({ address: Buffer.from(address.subarray(0, size)), port })
      const remote = end(file.remote, file.remotePort)
      const connected = remote.address.some(byte => byte !== 0)
      return { type: 'inet', l4, local: end(file.local, file.localPort), remote: connected ? remote : undefined, netns: file.netns }
    }
    default:
      return undefined
  }
}

const SOCK_RAW = 3
const IPPROTO_ICMP = 1
const IPPROTO_TCP = 6
const IPPROTO_UDP = 17
const IPPROTO_ICMPV6 = 58
const TCP_CLOSE = 7

/** The protocol of a socket that has found its place in the kernel's tables, which are what /proc/net shows. */
function l4Of({ type, protocol, state, localPort }: KernelFile): L4 | undefined {
  if (type === SOCK_RAW) return 'raw'
  if (protocol === IPPROTO_TCP) return state === TCP_CLOSE ? undefined : 'tcp'
  if (localPort === 0) return undefined
  if (protocol === IPPROTO_UDP) return 'udp'
  return protocol === IPPROTO_ICMP || protocol === IPPROTO_ICMPV6 ? 'icmp' : undefined
}

/** As /proc/net/unix writes it: "@" for each NUL of a name that begins with one; a path without the NUL at its end. */
function unixName(path: Buffer): string {
  const end = path.length > 0 && path[0] !== 0 && path.at(-1) === 0 ? path.length - 1 : path.length
  return path.toString('utf8', 0, end).replaceAll('\0', '@')
}
