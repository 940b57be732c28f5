import type { MetadataBlock } from '../metadata.js'
import * as block from './blocks.js'
import { FieldReader } from './fields.js'

/** The machine that a section was recorded on. */
export interface Machine {
  cpus: number
  memory: number
  maxPid: number
  hostname: string
  /** Nanoseconds since the epoch; 0 in files before libs 0.9. */
  bootTime: bigint
}

/** A network interface's address when recording began. Not to be confused with the interfaces that packets came from. */
export interface InterfaceAddress {
  name: string
  /** 4 or 16 bytes each, as in a packet. */
  address: Uint8Array
  netmask: Uint8Array
  broadcast: Uint8Array
  /** Bytes per second; 0 = not known. */
  linkSpeed: bigint
}

export interface User { uid: number; gid: number; name: string; home: string; shell: string }
export interface Group { gid: number; name: string }

/** A thread that ran when recording began. Fields after `gid` are undefined where the version of the list has none. */
export interface Thread {
  tid: number
  pid: number
  ptid: number
  sid?: number
  vpgid?: number
  comm: string
  exe: string
  exepath?: string
  args: string[]
  cwd: string
  fdlimit: bigint
  /** PPM_CL_*. */
  flags: number
  uid: number
  gid: number
  vmsizeKb?: number
  vmrssKb?: number
  vmswapKb?: number
  pfmajor?: bigint
  pfminor?: bigint
  env?: string[]
  vtid?: number
  vpid?: number
  /** "subsystem=path". */
  cgroups?: string[]
  root?: string
  pidnsStart?: bigint
  tty?: number
  /** 0xffffffff = none. */
  loginuid?: number
  exeWritable?: boolean
  capInheritable?: bigint
  capPermitted?: bigint
  capEffective?: bigint
  exeUpperLayer?: boolean
  exeIno?: bigint
  exeCtime?: bigint
  exeMtime?: bigint
  exeFromMemfd?: boolean
  exeLowerLayer?: boolean
  pgid?: number
}

export type FdType =
  | 'unknown' | 'file' | 'directory' | 'ipv4' | 'ipv6' | 'ipv4-server' | 'ipv6-server' | 'fifo' | 'unix' | 'event'
  | 'unsupported' | 'signalfd' | 'eventpoll' | 'inotify' | 'timerfd' | 'netlink' | 'bpf' | 'userfaultfd' | 'io_uring'
  | 'memfd' | 'pidfd'

/** A file descriptor that was open when recording began. */
export interface Fd {
  /** The thread group's leader, which the descriptor belongs to. */
  tid: number
  fd: number
  ino: bigint
  type: FdType
  /** Path of a file or UNIX socket, or what /proc says; empty for internet sockets. */
  name: string
  /** File: PPM_O_*. */
  openFlags?: number
  dev?: number
  /** Internet socket. A server socket has only `source`. */
  source?: Endpoint
  destination?: Endpoint
  /** 0 unknown, 1 none, 2 TCP, 3 UDP, 4 ICMP, 5 raw. */
  l4?: number
  /** UNIX socket: the kernel's addresses of both ends. */
  sourcePointer?: bigint
  destinationPointer?: bigint
}

export interface Endpoint {
  /** 4 or 16 bytes, as in a packet. */
  address: Uint8Array
  port: number
}

/** Everything that the metadata blocks of a section say. */
export interface Lists {
  machine?: Machine
  interfaces: InterfaceAddress[]
  users: User[]
  groups: Group[]
  threads: Thread[]
  fds: Fd[]
  /** Blocks that broke off in the middle of an entry; their entries before that are in the lists. */
  damaged: number
}

/**
 * Decodes metadata blocks of every version. It never throws: context that a damaged block does not give is missing, as
 * it is for a process that recording did not see.
 */
export function parseMetadata(blocks: readonly MetadataBlock[]): Lists {
  const lists: Lists = { interfaces: [], users: [], groups: [], threads: [], fds: [], damaged: 0 }
  for (const { type, body } of blocks) {
    try {
      parseBlock(lists, type, new FieldReader(body))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      lists.damaged++
    }
  }
  return lists
}

function parseBlock(lists: Lists, type: number, from: FieldReader): void {
  switch (type) {
    case block.MACHINE_INFO:
    case block.MACHINE_INFO_PRERELEASE:
      lists.machine = machine(from)
      return
    case block.INTERFACE_LIST:
      while (from.left >= 4) lists.interfaces.push(...address(from.sub(from.u32())))
      return
    case block.INTERFACE_LIST_V1:
    case block.INTERFACE_LIST_PRERELEASE:
      while (from.left >= 4) lists.interfaces.push(...address(from))
      return
    case block.USER_LIST:
      while (from.left >= 4) account(lists, from.sub(from.u32() - 4))
      return
    case block.USER_LIST_V1:
    case block.USER_LIST_PRERELEASE:
      while (from.left >= 4) account(lists, from)
      return
    case block.FD_LIST:
      for (const tid = from.i64(); from.left >= 4;) lists.fds.push(fd(tid, from.sub(from.u32() - 4), true))
      return
    case block.FD_LIST_V1:
    case block.FD_LIST_PRERELEASE:
      for (const tid = from.i64(); from.left >= 4;) lists.fds.push(fd(tid, from, false))
      return
  }
  const version = block.PROCESS_LIST.get(type)
  if (version === undefined) return
  while (from.left >= 4) lists.threads.push(thread(version === 9 ? from.sub(from.u32() - 4) : from, version))
}

function machine(from: FieldReader): Machine {
  return { cpus: from.u32(), memory: Number(from.u64()), maxPid: Number(from.u64()), hostname: from.text(128), bootTime: from.u64() }
}

/** One entry, or none if it is of a kind that is not known. 3 and 4 are 1 and 2 before there was a link speed. */
function address(from: FieldReader): InterfaceAddress[] {
  const kind = from.u16()
  const nameLength = from.u16()
  if (kind < 1 || kind > 4) throw new RangeError(`interface address of kind ${kind}`)
  const size = kind === 1 || kind === 3 ? 4 : 16
  return [{
    address: from.bytes(size),
    netmask: from.bytes(size),
    broadcast: from.bytes(size),
    linkSpeed: kind <= 2 ? from.u64() : 0n,
    name: from.text(nameLength),
  }]
}

function account(lists: Lists, from: FieldReader): void {
  if (from.u8() === 0) lists.users.push({ uid: from.u32(), gid: from.u32(), name: from.string(), home: from.string(), shell: from.string() })
  else lists.groups.push({ gid: from.u32(), name: from.string() })
}

/** Which version added what: libscap's scap_savefile.c. From 9 on an entry has its length, and grows at its end. */
function thread(from: FieldReader, version: number): Thread {
  const entry: Thread = {
    tid: from.i64(),
    pid: from.i64(),
    ptid: from.i64(),
    ...(version >= 6 && { sid: from.i64() }),
    ...(version >= 8 && { vpgid: from.i64() }),
    comm: from.string(),
    exe: from.string(),
    ...(version >= 7 && { exepath: from.string() }),
    args: from.strings(),
    cwd: from.string(),
    fdlimit: from.u64(),
    flags: from.u32(),
    uid: from.u32(),
    gid: from.u32(),
  }
  if (version >= 2) {
    entry.vmsizeKb = from.u32()
    entry.vmrssKb = from.u32()
    entry.vmswapKb = from.u32()
    entry.pfmajor = from.u64()
    entry.pfminor = from.u64()
  }
  if (version >= 3) entry.env = from.strings()
  if (version >= 4) {
    entry.vtid = from.i64()
    entry.vpid = from.i64()
    entry.cgroups = from.strings()
  }
  if (version >= 5) entry.root = from.string()
  if (version >= 9) threadTail(entry, from)
  return entry
}

/** The longest tail that libs wrote before 0.10. */
const OLD_TAIL = 29

/** libs 0.10 put two fields in front of this tail without a new version: only what is left tells which one it is. */
function threadTail(entry: Thread, from: FieldReader): void {
  if (from.left > OLD_TAIL) {
    entry.pidnsStart = from.u64()
    entry.tty = from.u32()
  }
  if (from.left >= 4) entry.loginuid = from.u32()
  if (from.left >= 1) entry.exeWritable = from.u8() !== 0
  if (from.left >= 8) entry.capInheritable = from.u64()
  if (from.left >= 8) entry.capPermitted = from.u64()
  if (from.left >= 8) entry.capEffective = from.u64()
  if (from.left >= 1) entry.exeUpperLayer = from.u8() !== 0
  if (from.left >= 8) entry.exeIno = from.u64()
  if (from.left >= 8) entry.exeCtime = from.u64()
  if (from.left >= 8) entry.exeMtime = from.u64()
  if (from.left >= 1) entry.exeFromMemfd = from.u8() !== 0
  if (from.left >= 1) entry.exeLowerLayer = from.u8() !== 0
  if (from.left >= 8) entry.pgid = from.i64()
}

/** By SCAP_FD_*; 16 is a file with its open flags and, in entries with a length, its device. */
const FD_TYPES: readonly FdType[] = [
  'unknown', 'file', 'directory', 'ipv4', 'ipv6', 'ipv4-server', 'ipv6-server', 'fifo', 'unix', 'event', 'unsupported',
  'signalfd', 'eventpoll', 'inotify', 'timerfd', 'netlink', 'file', 'bpf', 'userfaultfd', 'io_uring', 'memfd', 'pidfd',
]
const FILE_V2 = 16

function fd(tid: number, from: FieldReader, bounded: boolean): Fd {
  const number = from.i64()
  const ino = from.u64()
  const code = from.u8()
  const type = FD_TYPES[code] ?? 'unsupported'
  const entry: Fd = { tid, fd: number, ino, type, name: '' }
  switch (type) {
    case 'ipv4':
    case 'ipv6': {
      const size = type === 'ipv4' ? 4 : 16
      const [source, destination] = [from.bytes(size), from.bytes(size)]
      entry.source = { address: source, port: from.u16() }
      entry.destination = { address: destination, port: from.u16() }
      entry.l4 = from.u8()
      break
    }
    case 'ipv4-server':
    case 'ipv6-server':
      entry.source = { address: from.bytes(type === 'ipv4-server' ? 4 : 16), port: from.u16() }
      entry.l4 = from.u8()
      break
    case 'unix':
      entry.sourcePointer = from.u64()
      entry.destinationPointer = from.u64()
      entry.name = from.string()
      break
    case 'unknown':
      break
    default:
      if (code >= FD_TYPES.length) break // of a newer libscap: only the entry's length says where it ends
      if (code === FILE_V2) entry.openFlags = from.u32()
      entry.name = from.string()
      if (code === FILE_V2 && bounded && from.left >= 4) entry.dev = from.u32()
  }
  return entry
}
