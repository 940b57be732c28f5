import type { MetadataBlock } from '../iface/metadata.js'
import type { Fd } from '../state/fds.js'
import type { InterfaceAddress } from '../state/interfaces.js'
import type { Machine } from '../state/machine.js'
import { readSnapshot, type Snapshot, type SnapshotOptions } from '../state/snapshot.js'
import { type L4 } from '../state/sockets.js'
import { MAX_LIST, type Thread } from '../state/threads.js'
import type { Group, User } from '../state/users.js'
import { Chunk } from './chunk.js'

/**
 * A snapshot as the metadata blocks of .scap, in the newest forms that sysdig 0.29 reads and in the order in which it
 * writes them. Source: libscap, scap_savefile.c; every entry begins with its length, so that readers can pass over
 * fields which are newer than they are.
 */
export function encodeSnapshot(snapshot: Snapshot): MetadataBlock[] {
  const { machine: host, interfaces, users, groups, threads, fds } = snapshot
  return [
    ...blocks(0x201, [host], machine),
    ...blocks(0x219, interfaces, interfaceAddress),
    ...blocks(0x220, [...users.map(entry => ({ user: entry })), ...groups.map(entry => ({ group: entry }))], identity),
    ...blocks(0x215, threads, thread),
    ...fds.flatMap(({ pid, fds }) => blocks(0x218, fds, fd, out => out.u64(pid))),
  ]
}

/** This machine as it is now, read from /proc, as the metadata of a capture. */
export function snapshot(options: SnapshotOptions = {}): MetadataBlock[] {
  return encodeSnapshot(readSnapshot(options))
}

/** A longer list goes into several blocks: dumpcap, and so `tshark -i -`, ends at one of more than 256 KiB. */
const MAX_BODY = 128 * 1024

/** `entries` as blocks of that type, each begun by `head`; one block even if there are none. */
function blocks<T>(type: number, entries: readonly T[], write: (out: Chunk, entry: T) => void, head?: (out: Chunk) => void): MetadataBlock[] {
  const out = new Chunk()
  const made: MetadataBlock[] = []
  const begin = () => {
    out.reserve(8)
    head?.(out)
  }
  begin()
  for (const entry of entries) {
    if (out.length > MAX_BODY) {
      made.push({ type, body: out.take() })
      begin()
    }
    write(out, entry)
  }
  made.push({ type, body: out.take() })
  return made
}

/** Longest path and longest argv[0], in bytes. A reader refuses more. */
const MAX_PATH = 1023
const MAX_EXE = 1024
const HOSTNAME = 128

function machine(out: Chunk, { cpus, memory, maxPid, hostname, bootTime }: Machine): void {
  out.u32(cpus)
  out.u64(memory)
  out.u64(maxPid)
  const name = Buffer.alloc(HOSTNAME)
  name.write(hostname.slice(0, HOSTNAME - 1))
  out.bytes(name)
  out.u64(bootTime)
  for (let i = 0; i < 3; i++) out.u64(0) // flags and two reserved fields
}

function interfaceAddress(out: Chunk, { name, address, netmask, broadcast }: InterfaceAddress): void {
  out.reserve(128 + MAX_PATH)
  const start = startEntry(out)
  const nameBytes = Buffer.from(name)
  out.u16(address.length === 4 ? 1 : 2)
  out.u16(nameBytes.length)
  out.bytes(address)
  out.bytes(netmask)
  out.bytes(broadcast)
  out.u64(0) // link speed, which libscap does not know either
  out.bytes(nameBytes)
  out.view.setUint32(start, out.at - start - 4, true) // the one length that does not count itself
}

function identity(out: Chunk, entry: { user: User } | { group: Group }): void {
  if ('user' in entry) user(out, entry.user)
  else group(out, entry.group)
}

function user(out: Chunk, { uid, gid, name, home, shell }: User): void {
  out.reserve(32 + 3 * MAX_PATH)
  const start = startEntry(out)
  out.u8(0)
  out.u32(uid)
  out.u32(gid)
  text(out, name)
  text(out, home)
  text(out, shell)
  endEntry(out, start)
}

function group(out: Chunk, { gid, name }: Group): void {
  out.reserve(32 + MAX_PATH)
  const start = startEntry(out)
  out.u8(1)
  out.u32(gid)
  text(out, name)
  endEntry(out, start)
}

function thread(out: Chunk, t: Thread): void {
  out.reserve(512 + MAX_EXE + 4 * MAX_PATH + 3 * MAX_LIST)
  const start = startEntry(out)
  out.u64(t.tid)
  out.u64(t.pid)
  out.u64(t.ptid)
  out.u64(t.sid)
  out.u64(t.vpgid)
  text(out, t.comm)
  text(out, t.exe, MAX_EXE)
  text(out, t.exepath)
  list(out, t.args)
  text(out, t.cwd)
  out.u64(t.fdlimit)
  out.u32(t.flags)
  out.u32(t.uid)
  out.u32(t.gid)
  out.u32(t.vmSizeKb)
  out.u32(t.vmRssKb)
  out.u32(t.vmSwapKb)
  out.u64(t.majorFaults)
  out.u64(t.minorFaults)
  list(out, t.env)
  out.u64(t.vtid)
  out.u64(t.vpid)
  list(out, t.cgroups)
  text(out, t.root)
  // The tail of libs before 0.10, 29 bytes: newer readers know it by its size, older ones take the first 5. The newer
  // tail is longer, and old readers take its first bytes for the login uid.
  out.u32(t.loginuid)
  out.u8(t.exeWritable ? 1 : 0)
  out.u64(t.capInheritable)
  out.u64(t.capPermitted)
  out.u64(t.capEffective)
  endEntry(out, start)
}

function fd(out: Chunk, entry: Fd): void {
  out.reserve(128 + MAX_PATH)
  const start = startEntry(out)
  out.u64(entry.fd)
  out.u64(entry.ino)
  fdBody(out, entry)
  endEntry(out, start)
}

/** scap_fd_type. What came later than sysdig 0.29 stops its reader, and goes as unsupported. */
const FD_TYPE = {
  directory: 2, pipe: 7, unix: 8, eventfd: 9, unsupported: 10, signalfd: 11, eventpoll: 12, inotify: 13, timerfd: 14, netlink: 15, file: 16,
} as const
const IPV4 = 3
const IPV6 = 4
const IPV4_SERVER = 5
const IPV6_SERVER = 6

const L4_PROTOCOL: Record<L4, number> = { tcp: 2, udp: 3, icmp: 4, raw: 5 }

function fdBody(out: Chunk, fd: Fd): void {
  if (fd.type === 'inet') {
    const { local, remote } = fd
    const four = local.address.length === 4
    if (remote === undefined) {
      out.u8(four ? IPV4_SERVER : IPV6_SERVER)
      out.bytes(local.address)
      out.u16(local.port)
    } else {
      out.u8(four ? IPV4 : IPV6)
      out.bytes(local.address)
      out.bytes(remote.address)
      out.u16(local.port)
      out.u16(remote.port)
    }
    out.u8(L4_PROTOCOL[fd.l4])
    return
  }
  out.u8(FD_TYPE[fd.type])
  if (fd.type === 'file') out.u32(fd.openFlags)
  if (fd.type === 'unix') {
    out.u64(fd.source)
    out.u64(fd.destination ?? 0)
  }
  text(out, fd.name)
  if (fd.type === 'file') out.u32(fd.dev)
}

function startEntry(out: Chunk): number {
  out.u32(0)
  return out.at - 4
}

function endEntry(out: Chunk, start: number): void {
  out.view.setUint32(start, out.at - start, true)
}

/** u16 length, bytes. */
function text(out: Chunk, value: string, limit = MAX_PATH): void {
  let bytes = Buffer.from(value)
  if (bytes.length > limit) bytes = bytes.subarray(0, limit)
  out.u16(bytes.length)
  out.bytes(bytes)
}

/** u16 length, strings that each end with a NUL. */
function list(out: Chunk, values: readonly string[]): void {
  if (values.length === 0) return out.u16(0)
  const bytes = Buffer.from(`${values.join('\0')}\0`).subarray(0, MAX_LIST)
  bytes[bytes.length - 1] = 0
  out.u16(bytes.length)
  out.bytes(bytes)
}
