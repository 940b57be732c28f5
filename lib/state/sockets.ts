import { netnsOf } from './netns.js'
import type { Proc } from './proc.js'

export interface Endpoint {
  /** 4 or 16 bytes in network order. */
  address: Uint8Array
  port: number
}

export type L4 = 'tcp' | 'udp' | 'icmp' | 'raw'

export type Socket =
  /** Without `remote` it listens, or takes what comes. `netns`: inode of its network namespace, 0 if not known. */
  | { type: 'inet'; l4: L4; local: Endpoint; remote: Endpoint | undefined; netns: number }
  /**
   * `source` is the kernel's address of the socket, hashed or zero for those whom it does not concern; `destination` that of
   * its other end, which /proc does not tell.
   */
  | { type: 'unix'; source: bigint; destination?: bigint; name: string }
  | { type: 'netlink'; name: string }

const INET: readonly (readonly [file: string, l4: L4])[] = [
  ['tcp', 'tcp'], ['tcp6', 'tcp'], ['udp', 'udp'], ['udp6', 'udp'], ['raw', 'raw'], ['raw6', 'raw'], ['icmp', 'icmp'], ['icmp6', 'icmp'],
]

/**
 * The sockets of all network namespaces, by namespace and inode. The tables of a namespace are read once, through the
 * first process with a socket that is found in it.
 */
export class Sockets {
  readonly #proc: Proc
  readonly #namespaces = new Map<number, Map<number, Socket>>()

  constructor(proc: Proc) {
    this.#proc = proc
  }

  /** The sockets in the network namespace of that process, by inode. */
  of(pid: number): ReadonlyMap<number, Socket> {
    const netns = netnsOf(this.#proc, `${pid}`)
    let sockets = this.#namespaces.get(netns)
    if (sockets === undefined) {
      sockets = new Map()
      for (const [file, l4] of INET) addInet(this.#proc.text(`${pid}/net/${file}`), l4, netns, sockets)
      addUnix(this.#proc.text(`${pid}/net/unix`), sockets)
      addNetlink(this.#proc.text(`${pid}/net/netlink`), sockets)
      this.#namespaces.set(netns, sockets)
    }
    return sockets
  }
}

/** "  0: 0100007F:1F90 00000000:0000 0A …  1000 0 12345 …": addresses and ports, and the inode as tenth field. */
const INET_LINE = /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4})(?: +\S+){6} +(\d+)/gm

function addInet(table: string | undefined, l4: L4, netns: number, into: Map<number, Socket>): void {
  for (const [, local, port, remote, remotePort, inode] of table?.matchAll(INET_LINE) ?? []) {
    into.set(Number(inode), {
      type: 'inet',
      l4,
      local: endpoint(local, port),
      remote: /^0+$/.test(remote) ? undefined : endpoint(remote, remotePort),
      netns,
    })
  }
}

/** The kernel prints an address as words in its own byte order, which is little endian wherever the driver runs. */
function endpoint(address: string, port: string): Endpoint {
  return { address: Buffer.from(address, 'hex').swap32(), port: Number.parseInt(port, 16) }
}

/** "0000000012345678: 00000002 00000000 00010000 0001 01 12345 /run/a socket" */
const UNIX_LINE = /^([0-9a-f]+): (?:\S+ ){5} *(\d+)(?: (.*))?$/gm

function addUnix(table: string | undefined, into: Map<number, Socket>): void {
  for (const [, source, inode, name = ''] of table?.matchAll(UNIX_LINE) ?? []) {
    into.set(Number(inode), { type: 'unix', source: BigInt(`0x${source}`), name })
  }
}

/** "00000000211a48d1 0   0 …   4": the protocol as second field, the inode as last. */
const NETLINK_LINE = /^[0-9a-f]+ +(\d+) .* (\d+) *$/gm

function addNetlink(table: string | undefined, into: Map<number, Socket>): void {
  for (const [, protocol, inode] of table?.matchAll(NETLINK_LINE) ?? []) {
    into.set(Number(inode), { type: 'netlink', name: netlinkName(Number(protocol)) })
  }
}

export function netlinkName(protocol: number): string {
  return `NETLINK:[${NETLINK_PROTOCOLS[protocol] ?? protocol}]`
}

/** linux/netlink.h, as strace writes them. */
const NETLINK_PROTOCOLS = [
  'ROUTE', 'UNUSED', 'USERSOCK', 'FIREWALL', 'SOCK_DIAG', 'NFLOG', 'XFRM', 'SELINUX', 'ISCSI', 'AUDIT', 'FIB_LOOKUP', 'CONNECTOR',
  'NETFILTER', 'IP6_FW', 'DNRTMSG', 'KOBJECT_UEVENT', 'GENERIC', 'DM', 'SCSITRANSPORT', 'ECRYPTFS', 'RDMA', 'CRYPTO', 'SMC',
]
