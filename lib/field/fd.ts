import type { Event } from '../event/event.js'
import { CONNECTED, FD, type FdInfo, L4 } from '../state/fdinfo.js'
import { byType } from './bytype.js'
import { define } from './define.js'
import { ADDRESS_FIELDS } from './fd.address.js'
import { DEVICE_FIELDS } from './fd.device.js'
import { isServer } from './fd.end.js'
import { fdOf, hasFd } from './fd.event.js'
import { NAME_FIELDS } from './fd.name.js'
import type { Extractor, Field, Value } from './field.js'

const NEEDS = ['thread', 'fd'] as const

/** What stands for an fd of a kind that has no name. */
const NO_TYPE = '<NA>'

const number: Extractor = {
  get: (ev) => (hasFd(ev) ? ev._thread!.lastFd : undefined),
  write(out, ev) {
    if (!hasFd(ev)) return false
    out.reserve(0)
    out.decimal(ev._thread!.lastFd)
    return true
  },
}

const type: Extractor = {
  get(ev) {
    const fd = fdOf(ev)
    return fd === undefined ? undefined : fd.typeName ?? NO_TYPE
  },
  write(out, ev) {
    const fd = fdOf(ev)
    if (fd === undefined) return false
    out.text(fd.typeName ?? NO_TYPE)
    return true
  },
}

/** What a call makes, whether it works or not; of sockets that is a guess. */
const MADE: Readonly<Record<string, string>> = {
  PPME_SYSCALL_OPEN: 'f', PPME_SYSCALL_OPENAT: 'f', PPME_SYSCALL_OPENAT_2: 'f', PPME_SYSCALL_OPENAT2: 'f', PPME_SYSCALL_CREAT: 'f',
  PPME_SOCKET_SOCKET: '4', PPME_SOCKET_ACCEPT: '4', PPME_SOCKET_ACCEPT_5: '4', PPME_SOCKET_ACCEPT4: '4', PPME_SOCKET_ACCEPT4_5: '4',
  PPME_SOCKET_ACCEPT4_6: '4', PPME_SYSCALL_PIPE: 'p', PPME_SYSCALL_PIPE2: 'p', PPME_SYSCALL_EVENTFD: 'e', PPME_SYSCALL_EVENTFD2: 'e',
  PPME_SYSCALL_SIGNALFD: 's', PPME_SYSCALL_SIGNALFD4: 's', PPME_SYSCALL_TIMERFD_CREATE: 't', PPME_SYSCALL_INOTIFY_INIT: 'i',
  PPME_SYSCALL_INOTIFY_INIT1: 'i',
}

const madeBy = byType(({ const: code }) => MADE[code.slice(0, -2)] ?? 'o', 'o')

function letter(ev: Event): string | undefined {
  const fd = fdOf(ev)
  if (fd !== undefined) return fd.letter
  return hasFd(ev) ? madeBy(ev.type) : undefined
}

const L4_NAMES: Readonly<Record<number, string>> = { [L4.TCP]: 'tcp', [L4.UDP]: 'udp', [L4.ICMP]: 'icmp', [L4.RAW]: 'raw' }

function family(fd: FdInfo): string | undefined {
  if (fd.isIpSocket || fd.isServerSocket) return 'ip'
  return fd.type === FD.UNIX ? 'unix' : undefined
}

const ofFd = (get: (fd: FdInfo, ev: Event) => Value | undefined): Extractor => ({
  get(ev) {
    const fd = fdOf(ev)
    return fd === undefined ? undefined : get(fd, ev)
  },
})

/** The types of the process's fds, each once; of one fd only, where it is given. */
function types(only: number | undefined): Extractor {
  const all = (ev: Event): string[] | undefined => {
    if (!hasFd(ev)) return undefined
    const fds = ev._state!.fdsOf(ev._thread!)
    if (only === undefined) return [...new Set(Array.from(fds.values(), (fd) => fd.typeName ?? NO_TYPE))]
    const fd = fds.get(only)
    return fd === undefined ? undefined : [fd.typeName ?? NO_TYPE]
  }
  return {
    all,
    get(ev) {
      const found = all(ev)
      return found === undefined ? undefined : `(${found.join(',')})`
    },
  }
}

const TYPES: Field = {
  name: 'fd.types',
  type: 'CHARBUF',
  list: true,
  doc: 'The types of all fds that the process has; of one fd with an argument, fd.types[0].',
  arg: 'optional',
  needs: NEEDS,
  since: '0.12',
  bind(arg) {
    if (arg !== undefined && !/^\d{1,9}$/.test(arg)) throw new RangeError(`"${arg}" is not the number of an fd`)
    return types(arg === undefined ? undefined : Number(arg))
  },
}

export const FD_FIELDS: readonly Field[] = [
  define('fd.num', 'INT64', 'Number of the fd; -1 where a call got none.', number, { needs: NEEDS }),
  define('fd.type', 'CHARBUF', 'What kind it is, such as "file", "directory", "ipv4", "ipv6", "unix", "pipe", "event", "eventpoll".',
    type, { needs: NEEDS }),
  define('fd.typechar', 'CHARBUF', 'fd.type as one letter, such as f, d, 4, 6, u, p; of calls that make an fd also where they fail.',
    letter, { needs: NEEDS }),
  TYPES,
  ...NAME_FIELDS,
  define('fd.uid', 'CHARBUF', 'Id of the thread and number of the fd in one.',
    (ev) => (hasFd(ev) ? `${ev._thread!.tid}${ev._thread!.lastFd}` : undefined), { needs: NEEDS }),
  define('fd.sockfamily', 'CHARBUF', 'Of a socket: "ip" or "unix".', ofFd(family), { needs: NEEDS }),
  define('fd.l4proto', 'CHARBUF', 'Transport protocol of an IP socket: "tcp", "udp", "icmp" or "raw".',
    ofFd((fd) => L4_NAMES[fd.l4proto] ?? NO_TYPE), { needs: NEEDS }),
  define('fd.is_server', 'BOOL', 'Is the process the server of the connection?', ofFd((fd, ev) => isServer(ev, fd)), { needs: NEEDS }),
  define('fd.connected', 'BOOL', 'Is the socket connected?', ofFd((fd) => (fd.flags & CONNECTED) !== 0), { needs: [...NEEDS, 'traffic'] }),
  ...ADDRESS_FIELDS,
  ...DEVICE_FIELDS,
]
