import type { Event } from '../event/event.js'
import type { ContainerInfo } from '../state/container.js'
import { FD, type FdInfo, type Ip } from '../state/fdinfo.js'
import { type InterfaceAddress, parseAddress } from '../state/interfaces.js'
import type { State } from '../state/state.js'
import { fdOf } from './fd.event.js'

/** One end of a connection: which of the fd's addresses and ports is looked at. */
export type End = 'source' | 'dest'
/** Says which end; undefined where the fd has no such end. */
export type Which = (ev: Event, fd: FdInfo) => End | undefined

/** The client: only where it is known who called whom. */
export const CLIENT: Which = (_, fd) => (fd.isIpSocket && !fd.hasNoRole ? 'source' : undefined)

/** The server; a listening socket is one too, which has its port from the beginning. */
export const SERVER: Which = (_, fd) => {
  if (fd.isServerSocket) return 'source'
  return fd.isIpSocket && !fd.hasNoRole ? 'dest' : undefined
}

/** The server where it is known who calls whom: of listening sockets that is not before the first connection. */
export const KNOWN_SERVER: Which = (ev, fd) => (fd.hasNoRole ? undefined : SERVER(ev, fd))

/** The end on this machine. Where both are, that is the client's. */
export const LOCAL: Which = (ev, fd) => {
  if (!fd.isIpSocket || fd.hasNoRole) return undefined
  return isLocal(ev, fd.sip) ? 'source' : 'dest'
}

export const REMOTE: Which = (ev, fd) => {
  const local = LOCAL(ev, fd)
  return local && (local === 'source' ? 'dest' : 'source')
}

export function ipAt(ev: Event, which: Which): Ip | undefined {
  const fd = fdOf(ev)
  const end = fd && which(ev, fd)
  return end && (end === 'source' ? fd!.sip : fd!.dip)
}

export function portAt(ev: Event, which: Which): number | undefined {
  const fd = fdOf(ev)
  const end = fd && which(ev, fd)
  return end && (end === 'source' ? fd!.sport : fd!.dport)
}

/** Does this process take connections on the fd? */
export function isServer(ev: Event, fd: FdInfo): boolean {
  return fd.isServerSocket || (fd.isIpSocket && isLocal(ev, fd.dip))
}

/** Is it an IP socket whose one end is another's? Else there is but one address. */
export function hasTwoEnds(fd: FdInfo): boolean {
  return fd.type === FD.IPV4 || fd.type === FD.IPV6
}

/** Is it an address of the machine, as the container of the event's thread sees it? */
export function isLocal(ev: Event, ip: Ip): boolean {
  const thread = ev._thread!
  const state = ev._state!
  const container = thread.containerId === '' ? undefined : state.containers.get(thread.containerId)
  if (typeof ip !== 'number') return thread.containerId === '' && addressesOf(state).networks.has(networkOf(ip))
  if (container !== undefined && isOfContainers(state, container, ip)) return true
  return addressesOf(state).ips.has(ip)
}

/** The container's own address; where that is not known, any container's. */
function isOfContainers(state: State, own: ContainerInfo, ip: number): boolean {
  const address = containerIp(own)
  if (address !== 0) return address === ip
  for (const container of state.containers.values()) if (containerIp(container) === ip) return true
  return false
}

function containerIp({ ip }: ContainerInfo): number {
  return ip === undefined || ip.includes(':') ? 0 : ipNumber(parseAddress(ip))
}

interface Addresses {
  readonly ips: ReadonlySet<number>
  /** The first 64 bits of IPv6 addresses: the network that they are in, by convention. */
  readonly networks: ReadonlySet<string>
}

const known = new WeakMap<readonly InterfaceAddress[], Addresses>()

function addressesOf({ interfaces }: State): Addresses {
  let addresses = known.get(interfaces)
  if (addresses === undefined) {
    addresses = {
      ips: new Set(interfaces.filter(({ address }) => address.length === 4).map(({ address }) => ipNumber(address))),
      networks: new Set(interfaces.filter(({ address }) => address.length === 16).map(({ address }) => networkOf(address))),
    }
    known.set(interfaces, addresses)
  }
  return addresses
}

function networkOf(ip: Uint8Array): string {
  return ip.subarray(0, 8).join(' ')
}

/** 0x0a000001 of the bytes of 10.0.0.1. */
export function ipNumber(bytes: Uint8Array): number {
  return (bytes[0] * 0x1_00_00_00) + (bytes[1] << 16 | bytes[2] << 8 | bytes[3])
}

/** The bytes in network order; those of an IPv6 address are the fd's own. */
export function ipBytes(ip: Ip): Uint8Array {
  return typeof ip === 'number' ? Uint8Array.of(ip >>> 24, ip >>> 16, ip >>> 8, ip) : ip
}
