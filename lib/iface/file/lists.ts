import type { InterfaceAddress } from '../../state/interfaces.js'
import type { Machine } from '../../state/machine.js'
import type { Endpoint, L4 } from '../../state/sockets.js'
import type { Thread } from '../../state/threads.js'
import type { Group, User } from '../../state/users.js'
import type { MetadataBlock } from '../metadata.js'
import * as block from './blocks.js'
import { FieldReader } from './fields.js'

/**
 * A thread that ran when recording began, as lib/state describes it. What the version of the list does not have is
 * undefined.
 */
export type ListedThread = Pick<Thread, AlwaysListed> & Partial<Thread> & {
  pidnsStart?: bigint
  tty?: number
  exeUpperLayer?: boolean
  exeLowerLayer?: boolean
  exeFromMemfd?: boolean
  exeIno?: bigint
  /** Nanoseconds since the epoch. */
  exeCtime?: bigint
  exeMtime?: bigint
  pgid?: number
}

type AlwaysListed = 'tid' | 'pid' | 'ptid' | 'comm' | 'exe' | 'args' | 'cwd' | 'fdlimit' | 'flags' | 'uid' | 'gid'

export type ListedFdType =
  | 'unknown' | 'file' | 'directory' | 'inet' | 'pipe' | 'unix' | 'eventfd' | 'unsupported' | 'signalfd' | 'eventpoll'
  | 'inotify' | 'timerfd' | 'netlink' | 'bpf' | 'userfaultfd' | 'io_uring' | 'memfd' | 'pidfd'

/** A file descriptor that was open when recording began. */
export interface ListedFd {
  fd: number
  ino: bigint
  type: ListedFdType
  /** Path of a file or UNIX socket, or what /proc says; empty for internet sockets. */
  name: string
  /** File: bit set of PPM_O_*. */
  openFlags?: number
  dev?: number
  /** Internet socket; without `remote` it listens. */
  local?: Endpoint
  remote?: Endpoint
  l4?: L4
  /** Inode of its network namespace; files do not tell. */
  netns?: number
  /** UNIX socket: the kernel's addresses of both ends. */
  source?: bigint
  destination?: bigint
}

/** The open files of one process. */
export interface ListedFds {
  pid: number
  fds: ListedFd[]
}

/** Everything that the metadata blocks of a section say. */
export interface Lists {
  machine: Machine | undefined
  interfaces: InterfaceAddress[]
  users: User[]
  groups: Group[]
  threads: ListedThread[]
  fds: ListedFds[]
  /** Blocks that broke off in the middle of an entry; their entries before that are in the lists. */
  damaged: number
}

/**
 * Decodes metadata blocks of every version. It never throws: context that a damaged block does not give is missing, as
 * it is for a process that recording did not see.
 */
export function parseMetadata(blocks: readonly MetadataBlock[]): Lists {
  const lists: Lists = { machine: undefined, interfaces: [], users: [], groups: [], threads: [], fds: [], damaged: 0 }
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
      while (from.left >= 4) lists.interfaces.push(address(from.sub(from.u32())))
      return
    case block.INTERFACE_LIST_V1:
    case block.INTERFACE_LIST_PRERELEASE:
      while (from.left >= 4) lists.interfaces.push(address(from))
      return
    case block.USER_LIST:
      while (from.left >= 4) account(lists, from.sub(from.u32() - 4))
      return
    case block.USER_LIST_V1:
    case block.USER_LIST_PRERELEASE:
      while (from.left >= 4) account(lists, from)
      return
    case block.FD_LIST:
      return fds(lists, from, true)
    case block.FD_LIST_V1:
    case block.FD_LIST_PRERELEASE:
      return fds(lists, from, false)
  }
  const version = block.PROCESS_LIST.get(type)
  if (version === undefined) return
  while (from.left >= 4) lists.threads.push(thread(version === 9 ? from.sub(from.u32() - 4) : from, version))
}

function machine(from: FieldReader): Machine {
  return { cpus: from.u32(), memory: Number(from.u64()), maxPid: Number(from.u64()), hostname: from.text(128), bootTime: from.u64() }
}

/** Kinds 1 and 3 are IPv4, 2 and 4 IPv6; the latter are from before there was a link speed, which nobody ever set. */
function address(from: FieldReader): InterfaceAddress {
  const kind = from.u16()
  const nameLength = from.u16()
  if (kind < 1 || kind > 4) throw new RangeError(`interface address of kind ${kind}`)
  const size = kind === 1 || kind === 3 ? 4 : 16
  const entry = { name: '', address: from.bytes(size), netmask: from.bytes(size), broadcast: from.bytes(size) }
  if (kind <= 2) from.u64()
  entry.name = from.text(nameLength)
  return entry
}

function account(lists: Lists, from: FieldReader): void {
  if (from.u8() === 0) lists.users.push({ uid: from.u32(), gid: from.u32(), name: from.string(), home: from.string(), shell: from.string() })
  else lists.groups.push({ gid: from.u32(), name: from.string() })
}

/** Which version added what: libscap's scap_savefile.c. From 9 on an entry has its length, and grows at its end. */
function thread(from: FieldReader, version: number): ListedThread {
  const entry: ListedThread = {
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
    fdlimit: from.i64(),
    flags: from.u32(),
    uid: from.u32(),
    gid: from.u32(),
  }
  if (version >= 2) {
    entry.vmSizeKb = from.u32()
    entry.vmRssKb = from.u32()
    entry.vmSwapKb = from.u32()
    entry.majorFaults = from.i64()
    entry.minorFaults = from.i64()
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
function threadTail(entry: ListedThread, from: FieldReader): void {
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

/** By SCAP_FD_*. */
const FD_TYPES: readonly ListedFdType[] = [
  'unknown', 'file', 'directory', 'inet', 'inet', 'inet', 'inet', 'pipe', 'unix', 'eventfd', 'unsupported', 'signalfd',
  'eventpoll', 'inotify', 'timerfd', 'netlink', 'file', 'bpf', 'userfaultfd', 'io_uring', 'memfd', 'pidfd',
]
// Those with fields of their own
const UNKNOWN = 0
const IPV4_SOCKET = 3
const IPV6_SOCKET = 4
const IPV4_SERVER = 5
const IPV6_SERVER = 6
const UNIX_SOCKET = 8
const FILE_V2 = 16

const L4_BY_CODE: readonly (L4 | undefined)[] = [undefined, undefined, 'tcp', 'udp', 'icmp', 'raw']

/** `bounded`: entries have their length, since version 2. */
function fds(lists: Lists, from: FieldReader, bounded: boolean): void {
  const table: ListedFds = { pid: from.i64(), fds: [] }
  lists.fds.push(table)
  while (from.left >= 4) table.fds.push(bounded ? fd(from.sub(from.u32() - 4)) : fd(from, false))
}

function fd(from: FieldReader, bounded = true): ListedFd {
  const number = from.i64()
  const ino = from.u64()
  const code = from.u8()
  const entry: ListedFd = { fd: number, ino, type: FD_TYPES[code] ?? 'unsupported', name: '' }
  switch (code) {
    case IPV4_SOCKET:
    case IPV6_SOCKET: {
      // Both addresses come first, then both ports.
      const size = code === IPV4_SOCKET ? 4 : 16
      const addresses = [from.bytes(size), from.bytes(size)]
      ;[entry.local, entry.remote] = addresses.map(address => ({ address, port: from.u16() }))
      entry.l4 = L4_BY_CODE[from.u8()]
      break
    }
    case IPV4_SERVER:
    case IPV6_SERVER:
      entry.local = { address: from.bytes(code === IPV4_SERVER ? 4 : 16), port: from.u16() }
      entry.l4 = L4_BY_CODE[from.u8()]
      break
    case UNIX_SOCKET:
      entry.source = from.u64()
      entry.destination = from.u64()
      entry.name = from.string()
      break
    case FILE_V2:
      entry.openFlags = from.u32()
      entry.name = from.string()
      if (bounded && from.left >= 4) entry.dev = from.u32()
      break
    case UNKNOWN:
      break
    default:
      // What a newer libscap has more: only the entry's length says where it ends.
      if (code < FD_TYPES.length) entry.name = from.string()
      else if (!bounded) throw new RangeError(`a file descriptor of type ${code}`)
  }
  return entry
}
