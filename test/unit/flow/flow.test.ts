import * as assert from 'uvu/assert'
import { Flow } from '../../../lib/flow/flow.js'
import { ipText } from '../../../lib/state/socketname.js'
import { parseAddress } from '../../../lib/state/interfaces.js'
import type { Endpoint } from '../../../lib/flow/endpoint.js'
import { seeded } from '../../helpers/rings.js'
import { suite } from '../../helpers/suite.js'

const test = suite('flow › packets')

const u16 = (value: number) => [value >> 8, value & 255]
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 0xffff)]
const ports = [...u16(40000), ...u16(53), 0, 8, 0, 0]

/** An IPv4 header with what follows it. */
function ipv4(payload: readonly number[], { protocol = 17, options = 0, offset = 0, more = false, id = 7 } = {}): number[] {
  return [0x45 + options / 4, 0, 0, 0, ...u16(id), ...u16((more ? 0x2000 : 0) | offset / 8), 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, ...new Array<number>(options).fill(0), ...payload]
}

function ipv6(next: number, payload: readonly number[]): number[] {
  return [0x60, 0, 0, 0, 0, 0, next, 64, ...parseAddress('2001:db8::1'), ...parseAddress('2001:db8::2'), ...payload]
}

const ethernet = (type: number, payload: readonly number[], tags: readonly number[] = []) => [...new Array<number>(12).fill(1), ...tags, ...u16(type), ...payload]

const words = ({ w0, w1, w2, w3 }: Endpoint) => Uint8Array.from([w0, w1, w2, w3].flatMap(word => u32(word >>> 0)))
const textOf = (end: Endpoint) => `${end.isIpv4 ? ipText(end.w3 >>> 0) : ipText(words(end))} ${end.port}`

/** The packet stands in the middle of other bytes. */
function read(bytes: readonly number[], linktype = 1, flow = new Flow()): string | undefined {
  const memory = Uint8Array.from([9, 9, 9, ...bytes, 9, 9, 9, 9, 9, 9, 9, 9])
  return flow.read(linktype, memory, 3, bytes.length) ? `${flow.protocol} ${textOf(flow.source)} ${textOf(flow.destination)}` : undefined
}

const V4 = '17 10.0.0.1 40000 10.0.0.2 53'
const V6 = '17 2001:db8::1 40000 2001:db8::2 53'

test('link layers', () => {
  assert.is(read(ethernet(0x0800, ipv4(ports))), V4)
  assert.is(read(ethernet(0x86dd, ipv6(17, ports))), V6)
  assert.is(read(ethernet(0x0800, ipv4(ports), [0x81, 0, 0, 5])), V4, 'a VLAN')
  assert.is(read(ethernet(0x86dd, ipv6(17, ports), [0x88, 0xa8, 0, 5, 0x81, 0, 0, 6])), V6, 'a VLAN in a VLAN')
  assert.is(read([...new Array<number>(14).fill(0), 8, 0, ...ipv4(ports)], 113), V4, 'Linux cooked')
  assert.is(read([0x86, 0xdd, ...new Array<number>(18).fill(0), ...ipv6(17, ports)], 276), V6, 'Linux cooked v2')
  assert.is(read(ipv4(ports), 101), V4, 'raw')
  assert.is(read(ipv6(17, ports), 101), V6)
  assert.is(read([2, 0, 0, 0, ...ipv4(ports)], 0), V4, 'BSD loopback')
  assert.is(read(ethernet(0x0806, [1, 2, 3])), undefined, 'ARP')
  assert.is(read(ipv4(ports), 105), undefined, 'a link type that is not known')
})

test('headers in between', () => {
  assert.is(read(ipv4(ports, { options: 12 }), 101), V4, 'IPv4 options')
  const hopByHop = [43, 0, 0, 0, 0, 0, 0, 0]
  const routing = [51, 1, ...new Array<number>(14).fill(0)]
  const authentication = [17, 4, ...new Array<number>(22).fill(0)]
  assert.is(read(ipv6(0, [...hopByHop, ...routing, ...authentication, ...ports]), 101), V6, 'extension headers')
  assert.is(read(ipv4([8, 0, 0, 0], { protocol: 1 }), 101), '1 10.0.0.1 0 10.0.0.2 0', 'ICMP has no ports')
})

test('fragments get the ports of the first one', () => {
  const flow = new Flow()
  assert.is(read(ipv4(ports, { more: true }), 101, flow), V4)
  assert.is(read(ipv4([1, 2, 3, 4], { offset: 8 }), 101, flow), V4)
  assert.is(read(ipv4([1, 2, 3, 4], { offset: 8, id: 8 }), 101, flow), '17 10.0.0.1 0 10.0.0.2 0', 'of a datagram that nobody has seen')
  assert.is(read(ipv6(44, [17, 0, 0, 1, 0, 0, 0, 9, ...ports]), 101, flow), V6)
  assert.is(read(ipv6(44, [17, 0, 0, 8, 0, 0, 0, 9, 1, 2, 3, 4]), 101, flow), V6)
  // Only so many are remembered.
  for (let id = 100; id < 400; id++) read(ipv4(ports, { more: true, id }), 101, flow)
  assert.is(read(ipv4([1], { offset: 8 }), 101, flow), '17 10.0.0.1 0 10.0.0.2 0')
  assert.is(read(ipv4([1], { offset: 8, id: 399 }), 101, flow), V4)
})

test('what was cut off is not read', () => {
  const whole = ethernet(0x86dd, ipv6(0, [17, 0, 0, 0, 0, 0, 0, 0, ...ports]))
  for (let length = 0; length < whole.length; length++) {
    const text = read(whole.slice(0, length))
    if (length < 54) assert.is(text, undefined, `${length} bytes`)
    else assert.ok(length >= 66 || text!.endsWith(' 0'), `${length} bytes: ${text}`)
  }
})

test('rubbish does no harm', () => {
  const random = seeded(3)
  const flow = new Flow()
  for (let i = 0; i < 20_000; i++) {
    const bytes = ethernet(random(2) === 0 ? 0x0800 : 0x86dd, Array.from({ length: random(80) }, () => random(256)))
    if (bytes.length > 14) bytes[14] = random(2) === 0 ? 0x45 : 0x60
    read(bytes, [1, 113, 276, 101, 0][random(5)], flow)
    assert.ok(flow.source.port <= 0xffff && flow.destination.port <= 0xffff)
  }
})
