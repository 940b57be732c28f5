import type { SocketOwner } from './socketowner.js'

/**
 * The kinds of file descriptors, with the numbers that they have in savefiles (SCAP_FD_* in libscap's scap.h).
 */
export const FD = {
  UNINITIALIZED: -1, UNKNOWN: 0, FILE: 1, DIRECTORY: 2, IPV4: 3, IPV6: 4, IPV4_SERVER: 5, IPV6_SERVER: 6, FIFO: 7, UNIX: 8,
  EVENT: 9, UNSUPPORTED: 10, SIGNALFD: 11, EVENTPOLL: 12, INOTIFY: 13, TIMERFD: 14, NETLINK: 15, FILE_V2: 16, BPF: 17,
  USERFAULTFD: 18, IO_URING: 19, MEMFD: 20, PIDFD: 21,
} as const

/** Transport protocols, with their numbers in savefiles (SCAP_L4_*). */
export const L4 = { UNKNOWN: 0, NA: 1, TCP: 2, UDP: 3, ICMP: 4, RAW: 5 } as const

/** In `flags` of an fd: which end of a connection it is, and what became of it. */
export const ROLE_CLIENT = 1 << 2
export const ROLE_SERVER = 1 << 3
export const CLOSE_IN_PROGRESS = 1 << 4
export const CLOSE_CANCELED = 1 << 5
export const CONNECTED = 1 << 13
export const CLONED = 1 << 14
/** It goes when its process executes another program. */
export const CLOSE_ON_EXEC = 1 << 20

/** An IPv4 address as number (10.0.0.1 = 0x0a000001), an IPv6 address as 16 bytes in network order. */
export type Ip = number | Uint8Array

/** What is known of one file descriptor. */
export class FdInfo {
  /** One of FD.*. */
  type: number = FD.UNINITIALIZED
  /** As people read it: the path, "10.0.0.1:4000->10.0.0.2:80". */
  name = ''
  /** What the name was before the event at hand. */
  oldName = ''
  /** Bit set of PPM_O_*, as it was opened. */
  openFlags = 0
  /** Bit set of ROLE_*, CONNECTED … */
  flags = 0
  /** major << 8 | minor as in the driver's events (new_encode_dev); 0 if not known. */
  dev = 0
  ino = 0n
  /** Transport protocol, one of L4.*. */
  l4: number = L4.UNKNOWN
  /** Of IP sockets: source (the client) and destination (the server). Of a server socket: its own address is the source. */
  sip: Ip = 0
  sport = 0
  dip: Ip = 0
  dport = 0
  /** Of IP sockets: inode of the network namespace that it was made in; 0 if not known. */
  netns = 0
  /** Of unix sockets: the kernel's addresses of both ends. */
  source = 0n
  destination = 0n

  /** @internal Of a socket, where packets are attributed: who owns it, the same for all fds that are copies of one. */
  _owner: SocketOwner | undefined

  // How it is printed, and of which name and kind that is; see names.ts.
  /** @internal */ _text: Uint8Array | undefined
  /** @internal */ _textName = ''
  /** @internal */ _textKind = ''

  copy(): FdInfo {
    const copy = new FdInfo()
    copy.type = this.type
    copy.name = this.name
    copy.oldName = this.oldName
    copy.openFlags = this.openFlags
    copy.flags = this.flags
    copy.dev = this.dev
    copy.ino = this.ino
    copy.l4 = this.l4
    copy.sip = this.sip
    copy.sport = this.sport
    copy.dip = this.dip
    copy.dport = this.dport
    copy.netns = this.netns
    copy.source = this.source
    copy.destination = this.destination
    copy._owner = this._owner
    return copy
  }

  get isIpSocket(): boolean {
    return this.type === FD.IPV4 || this.type === FD.IPV6
  }

  /** Its close has begun and not ended. */
  get closing(): boolean {
    return (this.flags & CLOSE_IN_PROGRESS) !== 0
  }

  get isServerSocket(): boolean {
    return this.type === FD.IPV4_SERVER || this.type === FD.IPV6_SERVER
  }

  get isFile(): boolean {
    return this.type === FD.FILE || this.type === FD.FILE_V2
  }

  get hasNoRole(): boolean {
    return (this.flags & (ROLE_CLIENT | ROLE_SERVER)) === 0
  }

  /** The protocol as far as it is certain: of a socket that is neither client nor server yet it is not. One of L4.*. */
  get l4proto(): number {
    if (this.isServerSocket) return this.l4
    if (!this.isIpSocket) return L4.NA
    return this.hasNoRole && this.l4 !== L4.RAW ? L4.NA : this.l4
  }

  /** The letter that stands for the type in `fd=3(<f>/etc/passwd)`. */
  get letter(): string {
    return LETTERS[this.type] ?? '?'
  }

  /** "file", "ipv4" …; undefined for those without a name. */
  get typeName(): string | undefined {
    return TYPE_NAMES[this.type]
  }
}

const LETTERS: readonly string[] = [
  'o', 'f', 'd', '4', '6', '4', '6', 'p', 'u', 'e', 'X', 's', 'l', 'i', 't', 'n', 'f', 'b', 'u', 'r', 'm', 'P',
]

const TYPE_NAMES: readonly (string | undefined)[] = [
  undefined, 'file', 'directory', 'ipv4', 'ipv6', 'ipv4', 'ipv6', 'pipe', 'unix', 'event', undefined, 'signalfd', 'eventpoll',
  'inotify', 'timerfd', 'netlink', 'file', 'bpf', 'userfaultfd', 'io_uring', 'memfd', 'pidfd',
]
