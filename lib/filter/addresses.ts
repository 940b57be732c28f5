import { isIPv4, isIPv6 } from 'node:net'
import type { Operator, ValueType } from '../field/field.js'
import { anyOf, type Comparison, operands, type Relation } from './predicate.js'

/** An address, of which the first `bits` count. */
export interface Network {
  /** 4 or 16, in network order. */
  readonly bytes: Uint8Array
  /** 0 … 32 or 128. */
  readonly bits: number
}

/** Comparisons of addresses, and of addresses with networks: IPv4 and IPv6 are never equal. */
export function addressComparison(type: ValueType, operator: Operator, texts: readonly string[]): Comparison {
  const networks = operands(texts, type === 'IPNET' ? parseNetwork : parseHost)
  if (operator === '!=') {
    const [network] = networks
    return get => ev => {
      const address = get(ev)
      return address !== undefined && !isIn(address as Uint8Array, network)
    }
  }
  return anyOf(networks, network => get => ev => {
    const address = get(ev)
    return address !== undefined && isIn(address as Uint8Array, network)
  })
}

/** Comparisons of the addresses of two fields. */
export function addressRelation(operator: Operator): Relation {
  const same: Relation = (a, b) => {
    const [x, y] = [a as Uint8Array, b as Uint8Array]
    return x.length === y.length && x.every((byte, i) => byte === y[i])
  }
  return operator === '!=' ? (a, b) => !same(a, b) : same
}

/** Is the address in the network? */
export function isIn(address: Uint8Array, { bytes, bits }: Network): boolean {
  if (address.length !== bytes.length) return false
  const whole = bits >> 3
  for (let i = 0; i < whole; i++) if (address[i] !== bytes[i]) return false
  const rest = bits & 7
  return rest === 0 || (address[whole] ^ bytes[whole]) >> (8 - rest) === 0
}

/** "10.0.0.0/8", "2001:db8::/32"; an IPv6 address alone stands for its /64, as sysdig 0.29 has it. Throws a RangeError. */
export function parseNetwork(text: string): Network {
  const [address, mask, ...rest] = text.split('/')
  const bytes = parseAddress(address)
  const width = bytes.length * 8
  if (mask === undefined && width === 32) throw new RangeError(`${text} is not a network: 10.0.0.0/8 is one`)
  const bits = mask === undefined ? 64 : /^[0-9]{1,3}$/.test(mask) ? Number(mask) : -1
  if (rest.length > 0 || bits < 0 || bits > width) {
    throw new RangeError(`/${[mask, ...rest].join('/')} is not the length of a mask: 0 to ${width}`)
  }
  return { bytes, bits }
}

/** As inet_pton does it. Throws a RangeError. */
export function parseAddress(text: string): Uint8Array {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number)
  if (!isIPv6(text) || text.includes('%')) throw new RangeError(`${text === '' ? 'nothing' : text} is not an IP address`)
  const dotted = /^(.*:)([0-9.]+)$/.exec(text)
  if (dotted !== null && dotted[2].includes('.')) {
    const [a, b, c, d] = dotted[2].split('.').map(Number)
    return parseAddress(`${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`)
  }
  const [head, tail] = text.split('::').map(half => (half === '' ? [] : half.split(':')))
  const groups = tail === undefined ? head : [...head, ...new Array<string>(8 - head.length - tail.length).fill('0'), ...tail]
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  for (const [i, group] of groups.entries()) view.setUint16(2 * i, Number.parseInt(group, 16))
  return bytes
}

function parseHost(text: string): Network {
  const bytes = parseAddress(text)
  return { bytes, bits: bytes.length * 8 }
}
