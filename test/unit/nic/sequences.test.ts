import * as assert from 'uvu/assert'
import { Sequences } from '../../../lib/iface/sequences.js'
import { Stream, WINDOW } from '../../../lib/iface/stream.js'
import { delivery, Model, random, TWO32 } from '../../helpers/numbers.js'
import { suite } from '../../helpers/suite.js'

const test = suite('sequence numbers')

test('loss, copies, overtaking, as a plain model counts them; over the end of 32 bits too', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const next = random(seed)
    const first = seed % 2 === 0 ? TWO32 - Math.floor(next() * 4000) : Math.floor(next() * 1000)
    const numbers = delivery(next, first, 6000, seed % 10 === 0 ? 5000 : 50)
    const model = new Model(numbers[0])
    const stream = new Stream(1, numbers[0] % TWO32)
    for (const number of numbers) {
      assert.is(stream.see(number % TWO32), model.see(number), `seed ${seed}, ${number}`)
      if (next() < 0.01) {
        // The sender tells of itself, and that may overtake its frames or be overtaken.
        const told = number + Math.floor(next() * 100) - 50
        stream.told((told + TWO32) % TWO32, 0)
        model.told(told)
      }
    }
    const { missing, duplicates, reordered, received } = stream
    assert.equal([missing, duplicates, reordered, received], [model.missing, model.duplicates, model.reordered, model.arrived.size], `seed ${seed}`)
  }
})

test('gaps at, below and far above the window', () => {
  for (const gap of [1, 31, 32, 33, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW, 2 ** 31 - 1]) {
    const stream = new Stream(1, 7)
    assert.ok(stream.see(7))
    assert.ok(stream.see((8 + gap) % TWO32))
    assert.is(stream.missing, gap)
    assert.is(stream.see((8 + gap) % TWO32), false)
    // The last of the gap comes late, and then again.
    assert.ok(stream.see((7 + gap) % TWO32))
    assert.is(stream.missing, gap - 1)
    assert.is(stream.see((7 + gap) % TWO32), false)
    assert.equal([stream.received, stream.reordered, stream.duplicates], [3, 1, 2])
  }
})

test('what was before the first frame is not missing, and is taken when it comes', () => {
  const stream = new Stream(1, 100)
  assert.ok(stream.see(100))
  assert.ok(stream.see(98))
  assert.is(stream.see(98), false)
  assert.equal([stream.missing, stream.received, stream.reordered, stream.duplicates], [0, 2, 1, 1])
})

test('a frame that is older than the window counts as a copy', () => {
  const stream = new Stream(1, 0)
  for (let number = 0; number <= WINDOW; number++) if (number !== 4) stream.see(number)
  assert.is(stream.missing, 1)
  assert.ok(stream.see(WINDOW + 1))
  assert.ok(stream.see(WINDOW + 4))
  assert.is(stream.see(4), false)
  assert.equal([stream.missing, stream.duplicates], [3, 1])
})

test('the end, which only the sender can tell', () => {
  const sequences = new Sequences(true)
  sequences.summary(9, 0, 0)
  for (let number = 0; number < 10; number++) if (number !== 3) sequences.see(9, number)
  for (let copies = 0; copies < 3; copies++) sequences.summary(9, 12, 4)
  assert.equal(sequences.lost({ total: 0, buffer: 0 }), { total: 7, buffer: 0, network: 3, sender: 4, duplicate: 0 })
  sequences.see(9, 11)
  assert.equal(sequences.streams(), [{ stream: 9, received: 10, missing: 2, reordered: 1, duplicates: 0, notSent: 4 }])
  assert.is(sequences.summaries, 4)
})

test('streams and counts beyond 31 bits, given as signed numbers', () => {
  const sequences = new Sequences(true)
  sequences.summary(0xdeadbeef | 0, 0x7fffffff, 0xffffffff | 0)
  sequences.see(0xdeadbeef | 0, 0x7fffffff)
  sequences.see(0xdeadbeef | 0, 0x80000001 | 0)
  sequences.summary(0xdeadbeef | 0, 0x80000002 | 0, 2)
  assert.equal(sequences.streams(), [{ stream: 0xdeadbeef, received: 2, missing: 1, reordered: 0, duplicates: 0, notSent: 3 }])
})

test('what the receiver lost itself is not counted again, nor what it has seen in part', () => {
  const sequences = new Sequences(true)
  sequences.see(1, 0)
  sequences.see(1, 10)
  sequences.cut()
  assert.equal(sequences.lost({ total: 5, buffer: 5 }), { total: 8, buffer: 5, network: 3, sender: 0, duplicate: 0 })
  assert.is(sequences.lost({ total: 50, buffer: 50 }).network, 0)
})

test('where somebody chooses among the frames nothing is said of the network', () => {
  const sequences = new Sequences(false)
  sequences.see(1, 0)
  sequences.see(1, 10)
  sequences.see(1, 10)
  assert.equal(sequences.lost({ total: 0, buffer: 0 }), { total: 1, buffer: 0, network: 0, sender: 0, duplicate: 1 })
})

test('a thousand senders: 64 are kept, the counts of all', () => {
  const sequences = new Sequences(true)
  for (let round = 0; round < 2; round++) for (let stream = 0; stream < 1000; stream++) {
    sequences.see(stream, 0)
    sequences.see(stream, 2)
    sequences.see(stream, 2)
    sequences.see(stream, 1)
    sequences.see(stream, 4)
    sequences.see(7, 1_000_000 + round * 1000 + stream) // never silent for long
  }
  assert.is(sequences.streams().length, 64)
  // Stream 7 was never forgotten, so what its loop adds is older than its window.
  assert.equal(sequences.streams().find(({ stream }) => stream === 7), { stream: 7, received: 2000, missing: 0, reordered: 0, duplicates: 10, notSent: 0 })
  const { network, duplicate } = sequences.lost({ total: 0 })
  assert.is(network, 999 * 2)
  assert.is(duplicate, 999 * 2 + 10)
  assert.is(sequences.reordered, 999 * 2)
})
