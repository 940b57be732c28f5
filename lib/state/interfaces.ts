import { networkInterfaces } from 'node:os'

/** One address of a network interface. */
export interface InterfaceAddress {
  name: string
  /** 4 or 16 bytes in network order, as the others. */
  address: Uint8Array
  netmask: Uint8Array
  broadcast: Uint8Array
}

/** The addresses of the interfaces that are up. */
export function readInterfaces(): InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.map(({ address, netmask, family }) => {
      const bytes = parseAddress(address)
      const mask = parseAddress(netmask)
      // IPv6 has no broadcast; libscap writes zeros there.
      const broadcast = family === 'IPv4' ? bytes.map((byte, i) => byte | ~mask[i]) : new Uint8Array(16)
      return { name, address: bytes, netmask: mask, broadcast }
    }))
}

/** The bytes of "10.0.0.1" or "fe80::1", in network order. */
export function parseAddress(text: string): Uint8Array {
  if (!text.includes(':')) return Uint8Array.from(text.split('.'), Number)
  const [head, tail] = text.split('::').map((part) => part === '' ? [] : part.split(':').flatMap(words))
  const all = tail === undefined ? head : [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail]
  return Uint8Array.from(all.flatMap((word) => [word >> 8, word & 0xff]))
}

/** A part of an IPv6 address: one word, or the two that are written as an IPv4 address at its end. */
function words(part: string): number[] {
  if (!part.includes('.')) return [Number.parseInt(part, 16)]
  const [a, b, c, d] = part.split('.').map(Number)
  return [a << 8 | b, c << 8 | d]
}
