import { Endpoint } from './endpoint.js'
import { Fragments } from './fragments.js'
import { endHash, flowHash } from './hash.js'

export const IPPROTO_TCP = 6
export const IPPROTO_UDP = 17
const IPPROTO_SCTP = 132
const IPPROTO_DCCP = 33
const IPPROTO_UDPLITE = 136

// Link types, as registered at tcpdump.org.
const LINKTYPE_NULL = 0
const LINKTYPE_ETHERNET = 1
const LINKTYPE_RAW = 101
const LINKTYPE_LOOP = 108
const LINKTYPE_LINUX_SLL = 113
const LINKTYPE_IPV4 = 228
const LINKTYPE_IPV6 = 229
const LINKTYPE_LINUX_SLL2 = 276
/** DLT_RAW of Linux, which some files have in the place of LINKTYPE_RAW. */
const DLT_RAW = 12

// linux/if_ether.h
const ETH_P_IP = 0x0800
const ETH_P_8021Q = 0x8100
const ETH_P_IPV6 = 0x86dd
const ETH_P_8021AD = 0x88a8
const ETH_P_QINQ = 0x9100

/** VLAN tags in a row at most. */
const MAX_TAGS = 4
/** Extension headers of IPv6 at most. */
const MAX_EXTENSIONS = 8

/**
 * Between whom a packet goes: the 5-tuple, read from Ethernet (with VLAN tags), Linux cooked (both versions), loopback or raw IP.
 *
 * One object reads any number of packets. It never reads beyond what was captured, and takes no memory for a packet. Of fragments
 * only the first one has ports: a few hundred datagrams at a time are remembered, so that the others get theirs; they must come
 * after it.
 */
export class Flow {
  /** IPPROTO_*, after the extension headers of IPv6. */
  protocol = 0
  readonly source = new Endpoint()
  readonly destination = new Endpoint()
  readonly #fragments = new Fragments()
  #memory: Uint8Array = new Uint8Array(0)
  #end = 0

  /** Reads a packet; false when it is none of IP, or too little of it was captured. Ports are 0 where there are none. */
  read(linktype: number, memory: Uint8Array, start: number, length: number): boolean {
    this.#memory = memory
    this.#end = start + length
    switch (linktype) {
      case LINKTYPE_ETHERNET: return this.#tagged(start + 12)
      case LINKTYPE_LINUX_SLL: return this.#tagged(start + 14)
      case LINKTYPE_LINUX_SLL2: return start + 20 <= this.#end && this.#network(this.#u16(start), start + 20)
      case LINKTYPE_NULL:
      case LINKTYPE_LOOP: return this.#ip(start + 4)
      case LINKTYPE_RAW:
      case DLT_RAW:
      case LINKTYPE_IPV4:
      case LINKTYPE_IPV6: return this.#ip(start)
      default: return false
    }
  }

  /** The symmetric hash; see flowHash(). */
  get hash(): number {
    const { source: a, destination: b } = this
    return flowHash(endHash(a.w0, a.w1, a.w2, a.w3, a.port), endHash(b.w0, b.w1, b.w2, b.w3, b.port), this.protocol)
  }

  /** An EtherType, perhaps behind tags. */
  #tagged(at: number): boolean {
    for (let tags = 0; tags <= MAX_TAGS; tags++, at += 4) {
      if (at + 2 > this.#end) return false
      const type = this.#u16(at)
      if (type !== ETH_P_8021Q && type !== ETH_P_8021AD && type !== ETH_P_QINQ) return this.#network(type, at + 2)
    }
    return false
  }

  #network(type: number, at: number): boolean {
    return type === ETH_P_IP ? this.#ipv4(at) : type === ETH_P_IPV6 && this.#ipv6(at)
  }

  #ip(at: number): boolean {
    if (at >= this.#end) return false
    return this.#memory[at] >> 4 === 4 ? this.#ipv4(at) : this.#ipv6(at)
  }

  #ipv4(at: number): boolean {
    const memory = this.#memory
    if (at + 20 > this.#end || memory[at] >> 4 !== 4) return false
    const header = (memory[at] & 15) * 4
    if (header < 20) return false
    this.protocol = memory[at + 9]
    this.source.setIpv4(this.#u32(at + 12))
    this.destination.setIpv4(this.#u32(at + 16))
    const fragment = this.#u16(at + 6)
    const offset = fragment & 0x1fff
    const isFragment = offset !== 0 || (fragment & 0x2000) !== 0
    this.#ports(at + header, isFragment, offset, this.#u16(at + 4))
    return true
  }

  #ipv6(at: number): boolean {
    const memory = this.#memory
    if (at + 40 > this.#end || memory[at] >> 4 !== 6) return false
    this.source.setIpv6(memory, at + 8)
    this.destination.setIpv6(memory, at + 24)
    let next = memory[at + 6]
    let isFragment = false
    let offset = 0
    let id = 0
    at += 40
    for (let count = 0; count < MAX_EXTENSIONS && isExtension(next); count++) {
      this.protocol = next
      this.source.port = this.destination.port = 0
      if (at + 8 > this.#end) return true
      const size = next === FRAGMENT ? 8 : next === AUTHENTICATION ? (memory[at + 1] + 2) * 4 : (memory[at + 1] + 1) * 8
      if (next === FRAGMENT) {
        isFragment = true
        offset = this.#u16(at + 2) >> 3
        id = this.#u32(at + 4)
      }
      next = memory[at]
      at += size
      // Behind a fragment's header comes the middle of something.
      if (offset !== 0) break
    }
    this.protocol = next
    this.#ports(at, isFragment, offset, id)
    return true
  }

  #ports(at: number, isFragment: boolean, offset: number, id: number): void {
    const { source, destination } = this
    source.port = destination.port = 0
    if (!hasPorts(this.protocol)) return
    if (offset !== 0) {
      this.#fragments.find(this, id)
      return
    }
    if (at + 4 > this.#end) return
    source.port = this.#u16(at)
    destination.port = this.#u16(at + 2)
    if (isFragment) this.#fragments.note(this, id)
  }

  #u16(at: number): number {
    return (this.#memory[at] << 8) | this.#memory[at + 1]
  }

  #u32(at: number): number {
    return (this.#u16(at) << 16) | this.#u16(at + 2)
  }
}

function hasPorts(protocol: number): boolean {
  return protocol === IPPROTO_TCP || protocol === IPPROTO_UDP || protocol === IPPROTO_SCTP || protocol === IPPROTO_DCCP ||
    protocol === IPPROTO_UDPLITE
}

// Extension headers of IPv6. Source: IANA, Internet Protocol Version 6 Parameters.
const HOP_BY_HOP = 0
const ROUTING = 43
const FRAGMENT = 44
const AUTHENTICATION = 51
const DESTINATION_OPTIONS = 60
const MOBILITY = 135
const HIP = 139
const SHIM6 = 140

function isExtension(next: number): boolean {
  switch (next) {
    case HOP_BY_HOP: case ROUTING: case FRAGMENT: case AUTHENTICATION: case DESTINATION_OPTIONS: case MOBILITY: case HIP: case SHIM6:
      return true
    default:
      return false
  }
}
