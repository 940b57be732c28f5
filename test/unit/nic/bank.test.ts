import * as assert from 'uvu/assert'
import { Event } from '../../../lib/event/event.js'
import { Bank } from '../../../lib/iface/nic/bank.js'
import { suite } from '../../helpers/suite.js'

const test = suite('bank of packets')

const packet = (length: number, value: number) => new Uint8Array(300).fill(value, 0, length)

test('gives what was put in, in its order, with the time of that', () => {
  const bank = new Bank(4096, 1)
  const before = BigInt(Math.floor(performance.timeOrigin + performance.now())) * 1_000_000n
  for (let i = 0; i < 20; i++) assert.is(bank.add(packet(60 + i, i), 60 + i), true)
  const after = BigInt(Math.ceil(performance.timeOrigin + performance.now())) * 1_000_000n
  const event = new Event()
  let last = before
  for (let i = 0; i < 20; i++) {
    assert.is(bank.left, 20 - i)
    assert.is(bank.next(event), true)
    assert.is(event.len, 60 + i)
    assert.equal([...event.packet!.bytes], new Array(60 + i).fill(i))
    assert.ok(event.ts >= last && event.ts <= after, `${event.ts}`)
    last = event.ts
  }
  assert.is(bank.next(event), false)
  bank.clear()
  assert.equal([bank.count, bank.left], [0, 0])
  assert.is(bank.add(packet(60, 1), 60), true)
  assert.is(bank.next(event), true)
})

test('refuses what it has no room for, and says when it fills up', () => {
  const bank = new Bank(1000, 1)
  let taken = 0
  while (bank.add(packet(100, taken), 100)) {
    taken++
    assert.is(bank.isCrowded, taken * 116 > 250)
  }
  assert.is(taken, Math.floor(1000 / 116))
  assert.is(bank.count, taken)
})
