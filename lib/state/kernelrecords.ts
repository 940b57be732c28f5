/** The records of native/probe/bpf/iterators.bpf.c, taken apart. */

/** A thread as the kernel has it, in numbers of the initial namespaces. */
export interface KernelThread {
  tid: number
  pid: number
  ptid: number
  sid: number
  pgid: number
  /** In its own pid namespace. */
  vpgid: number
  vtid: number
  vpid: number
  /** Its process in the pid namespace of this process: the name of its folder in /proc. */
  localPid: number
  uid: number
  gid: number
  loginuid: number
  tty: number
  /** Has the same table of fds as the main thread. */
  sharesFiles: boolean
  vmSizeKb: number
  vmRssKb: number
  vmSwapKb: number
  /** Inode of its network namespace. */
  netns: number
  exe: { mode: number; uid: number; gid: number; dev: number; ino: bigint; ctime: bigint; mtime: bigint }
  /** −1 for any number. */
  fdlimit: number
  majorFaults: number
  minorFaults: number
  /** Those of the process's threads that are gone. */
  endedMajorFaults: number
  endedMinorFaults: number
  /** ns since boot. */
  start: bigint
  /** Start of the first process of its pid namespace, in ns since boot. */
  pidnsStart: bigint
  capInheritable: bigint
  capPermitted: bigint
  capEffective: bigint
  comm: string
}

/** An open file as the kernel has it. */
export interface KernelFile {
  /** Whose table it is in. */
  tid: number
  pid: number
  fd: number
  mode: number
  dev: number
  /** Linux's O_*. */
  flags: number
  ino: bigint
  /** AF_*; 0: no socket. */
  family: number
  /** SOCK_*, IPPROTO_*, TCP_*. */
  type: number
  protocol: number
  state: number
  localPort: number
  remotePort: number
  /** Inode of its network namespace. */
  netns: number
  /** 16 bytes in network order, IPv4 in the first four; valid as long as the records. */
  local: Buffer
  remote: Buffer
  sock: bigint
  peer: bigint
  /** sun_path as far as it is set. */
  unixPath: Buffer
  /** As a link in /proc/PID/fd shows it. */
  path: string
}

const THREAD_SIZE = 216
const COMM_AT = 200
const COMM_SIZE = 16

export function parseThreads(records: Buffer): KernelThread[] {
  const threads: KernelThread[] = []
  for (let at = 0; at < records.length; at += THREAD_SIZE) {
    if (at + THREAD_SIZE > records.length || records.readUInt32LE(at) !== THREAD_SIZE) throw new RangeError('a thread that is not whole')
    const u32 = (index: number) => records.readUInt32LE(at + 4 * index)
    const u64 = (index: number) => records.readBigUInt64LE(at + 96 + 8 * index)
    const comm = records.subarray(at + COMM_AT, at + COMM_AT + COMM_SIZE)
    const limit = u64(0)
    threads.push({
      tid: u32(1), pid: u32(2), ptid: u32(3), sid: u32(4), pgid: u32(5), vpgid: u32(6), vtid: u32(7), vpid: u32(8), localPid: u32(9),
      uid: u32(10), gid: u32(11), loginuid: u32(12), tty: u32(13), sharesFiles: u32(14) !== 0,
      vmSizeKb: u32(15), vmRssKb: u32(16), vmSwapKb: u32(17),
      exe: { mode: u32(18), uid: u32(19), gid: u32(20), dev: u32(21), ino: u64(10), ctime: u64(11), mtime: u64(12) },
      netns: u32(22),
      fdlimit: limit > BigInt(Number.MAX_SAFE_INTEGER) ? -1 : Number(limit),
      majorFaults: Number(u64(1)), minorFaults: Number(u64(2)), endedMajorFaults: Number(u64(3)), endedMinorFaults: Number(u64(4)),
      start: u64(5), pidnsStart: u64(6), capInheritable: u64(7), capPermitted: u64(8), capEffective: u64(9),
      comm: comm.toString('utf8', 0, comm.indexOf(0)),
    })
  }
  return threads
}

const FILE_SIZE = 216
const UNIX_PATH_AT = 108
const UNIX_PATH_MAX = 108

/** Calls `take` with each file; the object is a new one each time. */
export function parseFiles(records: Buffer, take: (file: KernelFile) => void): void {
  for (let at = 0; at < records.length;) {
    const size = at + FILE_SIZE <= records.length ? records.readUInt32LE(at) : 0
    const pathSize = size === 0 ? 0 : records.readUInt32LE(at + 28)
    if (size < FILE_SIZE || size !== FILE_SIZE + pathSize || at + size > records.length) throw new RangeError('a file that is not whole')
    const start = at
    const u16 = (offset: number) => records.readUInt16LE(start + offset)
    const u32 = (offset: number) => records.readUInt32LE(start + offset)
    const bytes = (offset: number, length: number) => records.subarray(start + offset, start + offset + length)
    take({
      tid: u32(4), pid: u32(8), fd: u32(12), mode: u32(16), dev: u32(20), flags: u32(24), ino: records.readBigUInt64LE(at + 32),
      family: u16(40), type: u16(42), protocol: u16(44), state: u16(46), localPort: u16(48), remotePort: u16(50), netns: u32(52),
      local: bytes(56, 16), remote: bytes(72, 16), sock: records.readBigUInt64LE(at + 88), peer: records.readBigUInt64LE(at + 96),
      unixPath: bytes(UNIX_PATH_AT, Math.min(u32(104), UNIX_PATH_MAX)),
      // Without its NUL.
      path: records.toString('utf8', at + FILE_SIZE, at + FILE_SIZE + Math.max(0, pathSize - 1)),
    })
    at += size
  }
}
