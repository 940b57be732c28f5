import { FD, type FdInfo, type Ip } from './fdinfo.js'
import type { InterfaceAddress } from './interfaces.js'
import { equal, isNone } from './socketname.js'

/**
 * A socket that was bound to no address has the one of the interface that its peer is reached through; the driver says zero
 * for it. libsinsp's way of finding out which that is: the peer's own address, else one of the same network, else the first
 * that is not the loopback's.
 */
export function completeFromInterfaces(info: FdInfo, interfaces: readonly InterfaceAddress[]): void {
  if (info.type !== FD.IPV4 && info.type !== FD.IPV6) return
  const noSource = isNone(info.sip)
  if (!noSource && !isNone(info.dip)) return
  const known = noSource ? info.dip : info.sip
  const inferred = infer(known, interfaces)
  if (inferred === undefined) return
  // One address for both ends, and one port: that would be a socket that speaks to itself.
  if (equal(inferred, known) && info.sport === info.dport) return
  if (noSource) info.sip = inferred
  else info.dip = inferred
}

function infer(peer: Ip, interfaces: readonly InterfaceAddress[]): Ip | undefined {
  const size = typeof peer === 'number' ? 4 : 16
  const own = interfaces.filter(({ address }) => address.length === size)
  const found =
    own.find(({ address }) => equal(toIp(address), peer)) ??
    own.find(({ address, netmask }) => inNetwork(toBytes(peer), address, size === 4 ? netmask : FIRST_64)) ??
    own.find(({ address }) => !equal(toIp(address), size === 4 ? LOOPBACK : LOOPBACK_6))
  return found && toIp(found.address)
}

const LOOPBACK = 0x7f00_0001
const LOOPBACK_6 = Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? 1 : 0))
const FIRST_64 = Uint8Array.from({ length: 16 }, (_, i) => (i < 8 ? 255 : 0))

function inNetwork(ip: Uint8Array, network: Uint8Array, mask: Uint8Array): boolean {
  return ip.every((byte, i) => ((byte ^ network[i]) & mask[i]) === 0)
}

function toIp(bytes: Uint8Array): Ip {
  return bytes.length === 4 ? ((bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3]) >>> 0 : bytes
}

function toBytes(ip: Ip): Uint8Array {
  return typeof ip === 'number' ? Uint8Array.of(ip >>> 24, (ip >>> 16) & 255, (ip >>> 8) & 255, ip & 255) : ip
}
