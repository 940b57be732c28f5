import type { MetadataBlock } from '../iface/metadata.js'
import type { Fd, FdTable } from '../state/fds.js'
import type { InterfaceAddress } from '../state/interfaces.js'
import type { Machine } from '../state/machine.js'
import type { Snapshot } from '../state/snapshot.js'
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
  const out = new Chunk()
  const block = (type: number, write: () => void): MetadataBlock => {
    write()
    return { type, body: out.take() }
  }
  return [
    block(0x201, () => machine(out, snapshot.machine)),
    block(0x219, () => snapshot.interfaces.forEach((entry) => interfaceAddress(out, entry))),
    block(0x220, () => {
      snapshot.users.forEach((entry) => user(out, entry))
      snapshot.groups.forEach((entry) => group(out, entry))
    }),
    block(0x215, () => snapshot.threads.forEach((entry) => thread(out, entry))),
    ...snapshot.fds.map((table) => block(0x218, () => fdTable(out, table))),
  ]
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

function fdTable(out: Chunk, { pid, fds }: FdTable): void {
  out.reserve(8)
  out.u64(pid)
  for (const fd of fds) {
    out.reserve(128 + MAX_PATH)
    const start = startEntry(out)
    out.u64(fd.fd)
    out.u64(fd.ino)
    fdBody(out, fd)
    endEntry(out, start)
  }
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
    out.u64(0)
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
