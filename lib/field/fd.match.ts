import { type Network, parseAddress, parseNetwork } from '../filter/addresses.js'
import { operatorsOf } from '../filter/operators.js'
import { operands } from '../filter/predicate.js'
import type { Ip } from '../state/fdinfo.js'
import { ipNumber } from './fd.end.js'
import type { Operator } from './field.js'

/** A check of one address. */
export type IpTest = (ip: Ip) => boolean

/** What a filter asks of addresses: `test`, and if it is to be false of all. */
export interface IpMatch { readonly test: IpTest; readonly isNegated: boolean }

/**
 * The check of addresses as they stand in an FdInfo, which makes no objects. Throws a RangeError where the operator is none
 * for addresses, or an operand is none.
 */
export function matchIp(type: 'IPADDR' | 'IPNET', operator: Operator, texts: readonly string[]): IpMatch {
  if (!operatorsOf(type).includes(operator)) throw new RangeError(`${operator} does not compare addresses`)
  if (operator === 'exists') return { test: () => true, isNegated: false }
  const tests = operands(texts, type === 'IPNET' ? parseNetwork : parseHost).map(inNetwork)
  return { test: tests.length === 1 ? tests[0] : (ip) => tests.some((test) => test(ip)), isNegated: operator === '!=' }
}

function parseHost(text: string): Network {
  const bytes = parseAddress(text)
  return { bytes, bits: 8 * bytes.length }
}

/** IPv4 and IPv6 are never the same. */
function inNetwork({ bytes, bits }: Network): IpTest {
  if (bytes.length === 4) {
    const shift = 2 ** (32 - bits)
    const prefix = Math.floor(ipNumber(bytes) / shift)
    return (ip) => typeof ip === 'number' && Math.floor(ip / shift) === prefix
  }
  const whole = bits >> 3
  const rest = (0xff00 >> (bits & 7)) & 0xff
  return (ip) => {
    if (typeof ip === 'number') return false
    for (let i = 0; i < whole; i++) if (ip[i] !== bytes[i]) return false
    return rest === 0 || (ip[whole] & rest) === (bytes[whole] & rest)
  }
}
