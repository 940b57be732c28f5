import { readFileSync } from 'node:fs'
import { isIPv4, isIPv6 } from 'node:net'
import type { Ip } from '../state/fdinfo.js'
import { parseAddress } from '../state/interfaces.js'
import { ipNumber } from './fd.end.js'
import type { Operator } from './field.js'

/** A check of one address. */
export type IpTest = (ip: Ip) => boolean

/** What a filter asks of addresses: `test` of the operands, and if it is to be false of all. */
export interface IpMatch { readonly test: IpTest; readonly isNegated: boolean }

/** Throws a RangeError where the operator is none for addresses, or an operand is none. */
export function matchIp(operator: Operator, operands: readonly string[], parse: (text: string) => IpTest): IpMatch {
  if (operator === 'exists') return { test: () => true, isNegated: false }
  if (!['=', '!=', 'in', 'intersects'].includes(operator)) throw new RangeError(`"${operator}" does not compare addresses`)
  const tests = operands.map(parse)
  return { test: tests.length === 1 ? tests[0] : (ip) => tests.some((test) => test(ip)), isNegated: operator === '!=' }
}

/** "10.0.0.1", "fe80::1" */
export function sameIp(text: string): IpTest {
  if (isIPv4(text)) {
    const wanted = ipNumber(parseAddress(text))
    return (ip) => ip === wanted
  }
  if (!isIPv6(text) || text.includes('%')) throw new RangeError(`${text} is not an IP address`)
  return inBits(parseAddress(text), 128)
}

/** "10.0.0.0/8", "fe80::/64"; an IPv6 address alone stands for its network of 64 bits. */
export function inNetwork(text: string): IpTest {
  const [address, length, ...rest] = text.split('/')
  const isV4 = isIPv4(address)
  const isV6 = isIPv6(address) && !address.includes('%')
  const bits = length === undefined && isV6 ? 64 : /^\d{1,3}$/.test(length ?? '') ? Number(length) : -1
  if ((!isV4 && !isV6) || rest.length > 0 || bits < 0 || bits > (isV4 ? 32 : 128)) {
    throw new RangeError(`${text} is not a network such as 10.0.0.0/8`)
  }
  const wanted = parseAddress(address)
  if (!isV4) return inBits(wanted, bits)
  const shift = 2 ** (32 - bits)
  const prefix = Math.floor(ipNumber(wanted) / shift)
  return (ip) => typeof ip === 'number' && Math.floor(ip / shift) === prefix
}

/** IPv6 addresses whose first `bits` bits are those of `wanted`. */
function inBits(wanted: Uint8Array, bits: number): IpTest {
  const whole = bits >> 3
  const rest = (0xff00 >> (bits & 7)) & 0xff
  return (ip) => {
    if (typeof ip === 'number') return false
    for (let i = 0; i < whole; i++) if (ip[i] !== wanted[i]) return false
    return rest === 0 || (ip[whole] & rest) === (wanted[whole] & rest)
  }
}

/** A port by its number, or by the name that the machine has for it. */
export function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 0xffff) return Number(text)
  const port = services().get(text)
  if (port === undefined) throw new RangeError(`${text} is neither a port nor the name of a service`)
  return port
}

let ports: ReadonlyMap<string, number> | undefined

/** "http  80/tcp  www": names and other names of ports. */
function services(): ReadonlyMap<string, number> {
  if (ports !== undefined) return ports
  const found = new Map<string, number>()
  for (const line of servicesText().split('\n')) {
    const [name, port, ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/)
    const number = Number.parseInt(port ?? '', 10)
    if (!Number.isNaN(number)) for (const each of [name, ...aliases]) if (!found.has(each)) found.set(each, number)
  }
  return (ports = found)
}

function servicesText(): string {
  try {
    return readFileSync('/etc/services', 'utf8')
  } catch {
    return ''
  }
}
