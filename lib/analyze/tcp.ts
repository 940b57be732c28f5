import { type FdInfo, L4, ROLE_SERVER } from '../state/fdinfo.js'
import { endsText } from '../state/socketname.js'
import type { Column } from './report.js'

/** Is it one end of a TCP connection, and no socket that listens? */
export function isTcp(fd: FdInfo | undefined): fd is FdInfo {
  return fd !== undefined && fd.l4 === L4.TCP && fd.isIpSocket
}

/** Address and port of the end that the process has, and those of the other one. */
export type Ends = readonly [localAddress: string, localPort: number, remoteAddress: string, remotePort: number]

export const ENDS: readonly Column[] = [
  { name: 'local.ip', title: 'LAddr' }, { name: 'local.port', title: 'LPort' }, { name: 'remote.ip', title: 'RAddr' }, { name: 'remote.port', title: 'RPort' },
]

export function isServer(fd: FdInfo): boolean {
  return (fd.flags & ROLE_SERVER) !== 0
}

/** The text of both is "client:port->server:port", which also is its name once it is connected. */
export function endsOf(fd: FdInfo): Ends {
  const [client, server] = endsText(fd).split('->')
  const [local, remote] = isServer(fd) ? [server, client] : [client, server]
  return [...end(local), ...end(remote)]
}

function end(text: string): [address: string, port: number] {
  const at = text.lastIndexOf(':')
  return at < 0 ? [text, 0] : [text.slice(0, at), Number(text.slice(at + 1))]
}
