import { AF_INET, AF_INET6, AF_UNIX } from '../../event/address.js'
import type { Event } from '../../event/event.js'
import { writeSockaddr, writeSocktuple } from '../../event/sockettext.js'
import { textOf } from '../../event/text.js'
import { CLOSE_ON_EXEC, CONNECTED, FD, FdInfo, L4, ROLE_CLIENT, ROLE_SERVER } from '../fdinfo.js'
import { completeFromInterfaces } from '../localaddress.js'
import { int64 } from '../params.js'
import { fillTuple, ipAt, isMappedAt, socketName, swapEnds } from '../socketname.js'
import type { State } from '../state.js'
import type { ThreadInfo } from '../threadinfo.js'
import { Argument } from './argument.js'
import { type Follow, type Followers, ofThread, onSuccess } from './follow.js'

/** Sockets: what their addresses are, which end they are, and what people call them. */

const FD_PARAM = new Argument('fd')
const DOMAIN = new Argument('domain')
const TYPE = new Argument('type')
const PROTO = new Argument('proto')
const ADDR = new Argument('addr')
const TUPLE = new Argument('tuple')
const FLAGS = new Argument('flags')

const AF_NETLINK = 16
const SOCK_STREAM = 1
const SOCK_DGRAM = 2
const SOCK_RAW = 3
/** In a socket's type: SOCK_CLOEXEC, the same bit as O_CLOEXEC. */
const SOCK_CLOEXEC = 0o2000000
const TYPE_MASK = 0xf
/** PPM_O_CLOEXEC: the driver translates the flags of accept4, and not those in a socket's type. */
const O_CLOEXEC = 1 << 12
// netinet/in.h
const IPPROTO_IP = 0
const IPPROTO_ICMP = 1
const IPPROTO_TCP = 6
const IPPROTO_UDP = 17
const IPPROTO_RAW = 255

const EINPROGRESS = 115

function socket(state: State, ev: Event, thread: ThreadInfo, fd: number): void {
  const domain = DOMAIN.uint32(state, ev, thread, UNKNOWN_DOMAIN)
  if (domain === UNKNOWN_DOMAIN) return
  add(state, ev, thread, fd, domain, TYPE.uint32(state, ev, thread, 0), PROTO.uint32(state, ev, thread, 0))
}

const UNKNOWN_DOMAIN = 0xffff_ffff

function add(state: State, ev: Event, thread: ThreadInfo, fd: number, domain: number, type: number, protocol: number): void {
  const info = new FdInfo()
  if (domain === AF_UNIX) info.type = FD.UNIX
  else if (domain === AF_NETLINK) info.type = FD.NETLINK
  else if (domain === AF_INET || domain === AF_INET6) {
    info.type = domain === AF_INET ? FD.IPV4 : FD.IPV6
    if (domain === AF_INET6) info.sip = info.dip = NO_ADDRESS
    info.l4 = l4Of(type & TYPE_MASK, protocol)
    info.netns = thread.netns
  } else return
  if ((type & SOCK_CLOEXEC) !== 0) info.flags = CLOSE_ON_EXEC
  ev._fd = state.openFd(thread, fd, info)
}

const NO_ADDRESS = new Uint8Array(16)

function l4Of(type: number, protocol: number): number {
  switch (protocol) {
    case IPPROTO_TCP: return type === SOCK_RAW ? L4.RAW : L4.TCP
    case IPPROTO_UDP: return type === SOCK_RAW ? L4.RAW : L4.UDP
    case IPPROTO_ICMP: return type === SOCK_RAW ? L4.RAW : L4.ICMP
    case IPPROTO_RAW: return L4.RAW
    case IPPROTO_IP: return type === SOCK_STREAM ? L4.TCP : type === SOCK_DGRAM ? L4.UDP : L4.UNKNOWN
    default: return L4.UNKNOWN
  }
}

const PEER = new Argument('peer')
const SOURCE = new Argument('source')
const FD1 = new Argument('fd1')
const FD2 = new Argument('fd2')

function socketpair(state: State, ev: Event, thread: ThreadInfo): void {
  const source = SOURCE.uint64(state, ev, thread, 0n)
  const destination = PEER.uint64(state, ev, thread, 0n)
  const closeOnExec = (TYPE.uint32(state, ev, thread, 0) & SOCK_CLOEXEC) !== 0
  const ends = [FD1, FD2].map(end => {
    const info = new FdInfo()
    info.type = FD.UNIX
    info.source = source
    info.destination = destination
    if (closeOnExec) info.flags = CLOSE_ON_EXEC
    return state.openFd(thread, end.int64(state, ev, thread, -1), info)
  })
  ev._fd = ends[0]
}

/** A socket with an address of its own: with a port, it is there for others to come. */
function bind(state: State, ev: Event, thread: ThreadInfo): void {
  const info = ev._fd
  if (info === undefined) return
  ADDR.bytes(state, ev, thread, (from, at, length) => {
    const view = from._view
    const family = view.getUint8(at)
    const v6 = family === AF_INET6
    const portAt = at + (v6 ? 17 : 5)
    if ((family === AF_INET && length >= 7) || (v6 && length >= 19)) {
      const port = view.getUint16(portAt, true)
      if (port > 0) {
        const mapped = v6 && isMappedAt(view, at + 1)
        info.type = v6 && !mapped ? FD.IPV6_SERVER : FD.IPV4_SERVER
        info.sip = mapped ? view.getUint32(at + 13) : ipAt(from, at + 1, v6)
        info.sport = port
        info.flags |= ROLE_SERVER
      }
    }
    info.name = textOf(out => writeSockaddr(out, from, at, length))
  })
}

/** Where to, before it is known whether it comes to something. */
function connectEnter(ev: Event): void {
  const info = ev._fd
  if (info === undefined || ev.nparams < 2) return
  const length = ev._paramLength(1)
  if (length === 0) return
  const at = ev._paramAt(1)
  const view = ev._view
  const family = view.getUint8(at)
  if (family === AF_INET && length >= 7) {
    info.type = FD.IPV4
    info.dip = view.getUint32(at + 1)
    info.dport = view.getUint16(at + 5, true)
  } else if (family === AF_INET6 && length >= 19) {
    const mapped = isMappedAt(view, at + 1)
    info.type = mapped ? FD.IPV4 : FD.IPV6
    info.dip = mapped ? view.getUint32(at + 13) : ipAt(ev, at + 1, true)
    info.dport = view.getUint16(at + 17, true)
  } else if (family === AF_UNIX) {
    info.name = textOf(out => writeSockaddr(out, ev, at, length))
  }
}

function connectExit(state: State, ev: Event, thread: ThreadInfo): void {
  const info = ev._fd
  if (info === undefined || (ev._error !== 0 && ev._error !== EINPROGRESS)) return
  info.flags |= CONNECTED
  TUPLE.bytes(state, ev, thread, (from, at, length) => {
    const family = from._view.getUint8(at)
    if (family === AF_INET || family === AF_INET6) {
      const changed = fillTuple(info, from, at, length)
      // What a UDP server connects to is its client.
      if (changed && (info.flags & ROLE_SERVER) !== 0 && info.type === FD.IPV4 && info.l4 === L4.UDP) swapEnds(info)
      info.name = socketName(info)
    } else {
      info.name = textOf(out => writeSocktuple(out, from, at, length))
      if (family === AF_UNIX) fillUnix(info, from, at, length)
    }
    if (info.hasNoRole) info.flags |= ROLE_CLIENT
  })
}

function fillUnix(info: FdInfo, from: Event, at: number, length: number): void {
  if (length < 17) return
  info.source = from._view.getBigUint64(at + 1, true)
  info.destination = from._view.getBigUint64(at + 9, true)
}

function accept(state: State, ev: Event, thread: ThreadInfo): void {
  const fd = int64(ev, 0, -1)
  if (fd < 0) return
  const listening = thread.fds.get(thread.lastFd)
  thread.lastFd = fd
  TUPLE.bytes(state, ev, thread, (from, at, length) => {
    const family = from._view.getUint8(at)
    const info = new FdInfo()
    if (family === AF_INET || family === AF_INET6) {
      if (!fillTuple(info, from, at, length)) return
      info.l4 = L4.TCP
      info.netns = listening?.netns || thread.netns
    } else if (family === AF_UNIX) {
      info.type = FD.UNIX
      fillUnix(info, from, at, length)
    } else return
    info.name = textOf(out => writeSocktuple(out, from, at, length))
    info.flags = ROLE_SERVER | CONNECTED
    if ((FLAGS.uint32(state, ev, thread, 0) & O_CLOEXEC) !== 0) info.flags |= CLOSE_ON_EXEC
    ev._fd = state.openFd(thread, fd, info)
  })
}

/** A call on a socket that nobody saw being made: with an address, it can only be a datagram's. */
function sendtoEnter(state: State, ev: Event, thread: ThreadInfo): void {
  if (ev._fd !== undefined || thread.lastFd < 0) return
  TUPLE.bytes(state, ev, thread, (from, at) => {
    const family = from._view.getUint8(at)
    if (family === AF_INET || family === AF_INET6) add(state, ev, thread, thread.lastFd, family, SOCK_DGRAM, IPPROTO_UDP)
  })
}

/** Data came or went: the socket is connected, and where it is none of TCP the call says with whom. */
function transfer(incoming: boolean | undefined): Follow {
  return ofThread((state, ev, thread) => {
    const info = ev._fd
    if (info === undefined || ev._error !== 0) return
    if (info.isIpSocket) info.flags |= CONNECTED
    if (incoming === undefined || (info.name !== '' && info.l4 === L4.TCP && info.type === FD.IPV4)) return
    TUPLE.bytes(state, ev, thread, (from, at, length) => {
      const family = from._view.getUint8(at)
      if (family === AF_UNIX) {
        info.type = FD.UNIX
        fillUnix(info, from, at, length)
        info.name = textOf(out => writeSocktuple(out, from, at, length))
        return
      }
      if (!fillTuple(info, from, at, length)) return
      if (info.l4 === L4.UNKNOWN) info.l4 = L4.UDP
      completeFromInterfaces(info, state.interfaces)
      if (info.hasNoRole) guessRole(thread, info, incoming)
      // The tuple begins at the sender; the name at the client.
      if ((info.flags & (incoming ? ROLE_CLIENT : ROLE_SERVER)) !== 0) swapEnds(info)
      info.name = socketName(info)
    })
  })
}

/** Who has a socket at the port that the data goes to is the server of it. */
function guessRole(thread: ThreadInfo, info: FdInfo, incoming: boolean): void {
  let bound = false
  let used = false
  for (const other of thread.fds.values()) {
    if (other.type === FD.IPV4) {
      if (other.dport === info.dport) bound = true
      if (other.sport === info.sport) used = true
    } else if (other.type === FD.IPV4_SERVER && other.sport === info.dport) bound = true
  }
  const server = bound && used ? incoming : bound
  info.flags |= server ? ROLE_SERVER : ROLE_CLIENT
}

const MSGCONTROL = new Argument('msgcontrol')
const SOL_SOCKET = 1
const SCM_RIGHTS = 1
/** struct cmsghdr on 64-bit machines: u64 length with itself, i32 level, i32 type; padded to eight. */
const CMSG_HEADER = 16

/** File descriptors that came in a message. What they are only the running machine can tell. */
function receiveRights(state: State, ev: Event, thread: ThreadInfo): void {
  MSGCONTROL.bytes(state, ev, thread, (from, start, length) => {
    const view = from._view
    const end = start + length
    for (let at = start; at + CMSG_HEADER <= end;) {
      const size = view.getUint32(at, true)
      if (size < CMSG_HEADER || at + size > end) return
      if (view.getInt32(at + 8, true) === SOL_SOCKET && view.getInt32(at + 12, true) === SCM_RIGHTS) {
        for (let fd = at + CMSG_HEADER; fd + 4 <= at + size; fd += 4) {
          const number = view.getInt32(fd, true)
          thread.fds.delete(number)
          state.discoverFd(thread, number)
        }
      }
      at += (size + 7) & ~7
    }
  })
}

const received = transfer(true)
const sent = transfer(false)
const moved = transfer(undefined)

export const SOCKETS: Followers = {
  enter: {
    connect: (_state, ev) => connectEnter(ev),
    sendto: ofThread(sendtoEnter),
  },
  exit: {
    socket: onSuccess(socket),
    socketpair: onSuccess(socketpair),
    bind: onSuccess(bind),
    connect: ofThread(connectExit),
    accept: ofThread(accept), accept4: ofThread(accept),
    recvfrom: received,
    recvmsg: (state, ev, thread) => {
      const fd = ev._fd
      received(state, ev, thread)
      if (thread === undefined || ev._error !== 0) return
      const { lastFd } = thread
      receiveRights(state, ev, thread)
      ev._fd = fd
      thread.lastFd = lastFd
    },
    sendto: sent, sendmsg: sent,
    getsockopt: ofThread((state, ev, thread) => {
      const fd = FD_PARAM.int64(state, ev, thread, thread.lastFd)
      thread.lastFd = fd
      ev._fd = state.fdOf(thread, fd)
    }),
  },
}

/** That data goes through a socket says that it is connected: a part of its own, because reads and writes are most of all events. */
export const TRAFFIC: Followers = {
  exit: {
    recv: moved, send: moved, read: moved, write: moved, readv: moved, writev: moved,
    pread: moved, pwrite: moved, preadv: moved, pwritev: moved,
  },
}
