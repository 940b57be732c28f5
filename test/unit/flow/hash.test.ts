import * as assert from 'uvu/assert'
import { endHash, flowHash } from '../../../lib/flow/hash.js'
import { Endpoint } from '../../../lib/flow/endpoint.js'
import { parseAddress } from '../../../lib/state/interfaces.js'
import { seeded } from '../../helpers/rings.js'
import { suite } from '../../helpers/suite.js'

const test = suite('flow › hash')

function end(address: string, port: number): number {
  const bytes = parseAddress(address)
  const at = new Endpoint()
  if (bytes.length === 4) at.setIpv4(new DataView(bytes.buffer, bytes.byteOffset).getInt32(0))
  else at.setIpv6(bytes, 0)
  return endHash(at.w0, at.w1, at.w2, at.w3, port)
}

/** The algorithm as its comment says it, in whole numbers. */
function reference(a: string, aPort: number, b: string, bPort: number, protocol: number): number {
  const mask = 0xffff_ffffn
  const words = (address: string) => {
    const bytes = parseAddress(address)
    const all = bytes.length === 4 ? [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...bytes] : [...bytes]
    return [0, 4, 8, 12].map(at => all.slice(at, at + 4).reduce((word, byte) => word << 8n | BigInt(byte), 0n))
  }
  const endOf = (address: string, port: number) => words(address).reduce((h, word) => {
    h = (h ^ word) * 0x9e3779b1n & mask
    return h ^ h >> 15n
  }, BigInt(port))
  let h = (endOf(a, aPort) + endOf(b, bPort) & mask) ^ (BigInt(protocol) * 0x85ebca6bn & mask)
  h ^= h >> 16n
  h = h * 0x7feb352dn & mask
  h ^= h >> 15n
  h = h * 0x846ca68bn & mask
  return Number(h ^ h >> 16n)
}

const VECTORS: readonly [a: string, aPort: number, b: string, bPort: number, protocol: number, hash: number][] = [
  ['127.0.0.1', 40000, '127.0.0.1', 80, 6, 0x90d652fd],
  ['10.0.0.1', 5353, '224.0.0.251', 5353, 17, 0x6372cf47],
  ['::1', 40000, '::1', 80, 6, 0xc401c71e],
  ['2001:db8::1', 443, 'fe80::1', 51234, 17, 0x8ce882ac],
  ['0.0.0.0', 0, '0.0.0.0', 0, 0, 0x840fab60],
]

test('vectors', () => {
  for (const [a, aPort, b, bPort, protocol, hash] of VECTORS) {
    assert.is(reference(a, aPort, b, bPort, protocol), hash)
    assert.is(flowHash(end(a, aPort), end(b, bPort), protocol), hash)
    assert.is(flowHash(end(b, bPort), end(a, aPort), protocol), hash, 'both directions')
  }
})

test('IPv4 and its mapped form are one', () => {
  assert.is(end('10.1.2.3', 80), end('::ffff:10.1.2.3', 80))
})

test('flows that differ a little spread over any number of queues', () => {
  const random = seeded(1)
  for (const queues of [2, 3, 7, 8]) {
    const counts = new Array<number>(queues).fill(0)
    for (let port = 32768; port < 32768 + 8000; port++) counts[flowHash(end('10.0.0.1', port), end(`10.0.0.${2 + random(4)}`, 443), 6) % queues]++
    // Of a fair die the standard deviation is below this; four of them.
    const expected = 8000 / queues
    for (const count of counts) assert.ok(Math.abs(count - expected) < 4 * Math.sqrt(expected), counts.join(' '))
  }
})
