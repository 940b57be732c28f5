import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { CaptureError } from '../../../lib/errors.js'
import type { Bytes } from '../../../lib/event/bytes.js'
import type { Event } from '../../../lib/event/event.js'
import type { Args } from '../../../lib/event/types.generated.js'
import type { Burst } from '../../../lib/iface/burst.js'
import { bareRings, openRings, read, READ_DATA, RING_BYTES } from '../../helpers/rings.js'
import { suite } from '../../helpers/suite.js'

const test = suite('lease', { needs: ['linux'], timeoutMs: 10_000 })

const isLease = (error: unknown) => error instanceof CaptureError && error.code === 'ERR_CAPTURE_LEASE' && /retain/.test(error.hint)

/** Every way to look through what a burst has lent. */
function looks(ev: Event, args: Args, bytes: Bytes): Record<string, () => unknown> {
  return {
    ts: () => ev.ts, tsHi: () => ev.tsHi, tsLo: () => ev.tsLo, tid: () => ev.tid, len: () => ev.len, type: () => ev.type,
    nparams: () => ev.nparams, dir: () => ev.dir, name: () => ev.name, is: () => ev.is('read'), args: () => ev.args,
    packet: () => ev.packet, caplen: () => ev.caplen, record: () => ev.record, param: () => ev.param(1), retain: () => ev.retain(),
    'args.res': () => args.res, 'args.data': () => args.data, 'args.toJSON': () => JSON.stringify(args),
    'bytes.at': () => bytes.at(0), 'bytes.copy': () => bytes.copy(), 'bytes.copyTo': () => bytes.copyTo(new Uint8Array(9)),
    'bytes.toString': () => bytes.toString(), 'bytes iterated': () => [...bytes],
  }
}

function assertEnded(ev: Event, args: Args, bytes: Bytes): void {
  for (const [name, look] of Object.entries(looks(ev, args, bytes))) assert.throws(look, isLease, name)
}

/** Walks one burst and keeps what one must not keep. */
function keep(burst: Burst): { ev: Event; args: Args; bytes: Bytes } {
  for (const ev of burst) {
    const kept = { ev, args: ev.args, bytes: ev.param(1)! }
    for (const [name, look] of Object.entries(looks(ev, kept.args, kept.bytes))) assert.not.throws(look, name)
    return kept
  }
  throw new Error('an empty burst')
}

test('no payload is copied on the way: a byte changed by the producer changes in the open event', async () => {
  const { capture, probe } = openRings(1, { maxEvents: 1 })
  assert.ok(probe.produce(0, read(5, 'payload')))
  for await (const burst of capture) {
    for (const ev of burst) {
      const bytes = ev.param(1)!
      const record = ev.record
      assert.is(bytes.toString(), 'payload')
      probe.poke(0, READ_DATA, 'P'.charCodeAt(0))
      assert.is(bytes.toString(), 'Payload')
      assert.is(bytes.at(0), 0x50)
      assert.is(record.at(READ_DATA), 0x50)
      assert.is(Buffer.from(ev.args.data as Uint8Array).toString(), 'Payload')
      // The header too, and in the other direction of time: nothing had been read ahead.
      probe.poke(0, 0, 6)
      assert.is(ev.ts, 6n)
      // A copy is one.
      const copy = ev.retain()
      probe.poke(0, READ_DATA, 'x'.charCodeAt(0))
      assert.is(copy.param(1)!.toString(), 'Payload')
      assert.is(bytes.toString(), 'xayload')
    }
  }
})

test('events look into the mapped ring itself, which is read-only and lies twice in a row', async () => {
  const { capture, probe } = openRings(1, { maxEvents: 1 })
  const mapped = () => readFileSync('/proc/self/maps', 'utf8')
  probe.produce(0, read(5))
  for await (const burst of capture) {
    for (const ev of burst) {
      assert.is(ev._view.buffer, probe.data(0))
      assert.is(ev._memory.buffer, probe.data(0))
      assert.is(ev._view.byteLength, 2 * RING_BYTES)
      const ranges = [...mapped().matchAll(/^([\da-f]+)-([\da-f]+) (\S{4}) (\S+) .*memfd:sysring-synthetic/gm)]
        .map(([, from, to, mode, offset]) => ({ from: parseInt(from, 16), to: parseInt(to, 16), mode, offset }))
      const halves = ranges.filter(({ mode }) => mode === 'r--s')
      assert.is(halves.length, 2, JSON.stringify(ranges))
      assert.equal(halves.map(({ from, to }) => to - from), [RING_BYTES, RING_BYTES])
      assert.is(halves[0].to, halves[1].from)
      assert.is(halves[0].offset, halves[1].offset)
    }
  }
  assert.not.match(mapped(), /memfd:sysring-synthetic/) // at once, not when the ArrayBuffer is collected
})

test('the memory of JavaScript does not grow with what is read', async () => {
  const { capture, probe } = openRings(1, { maxEvents: 4000 })
  const bytes = read(1, Buffer.alloc(8000))
  probe.produce(0, bytes)
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  for await (const burst of capture) {
    for (const ev of burst) assert.is(ev.param(1)!.at(7999), 0)
    while (probe.produce(0, bytes)) { /* as much as there is room for */ }
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  assert.ok(most < 1 << 20, `${most} bytes for 32 MB of events`)
})

test('after its burst nothing can be looked at: next turn, break, close', async () => {
  const { capture, probe } = openRings(2)
  const kept: ReturnType<typeof keep>[] = []
  probe.produce(0, read(1, 'first'))
  let turn = 0
  for await (const burst of capture) {
    // The first's Bytes stay ended in the second burst, while the reused event looks at the second record.
    for (const { bytes } of kept) assert.throws(() => bytes.toString(), isLease)
    if (turn === 1) assert.throws(() => kept[0].ev.ts, isLease)
    kept.push(keep(burst))
    if (++turn === 2) break
    probe.produce(0, read(2, 'second'))
  }
  for (const { ev, args, bytes } of kept) assertEnded(ev, args, bytes)
  await capture.close()
  for (const { ev, args, bytes } of kept) assertEnded(ev, args, bytes)
})

test('release() ends the lease within the loop', async () => {
  const { capture, probe } = openRings(1, { maxEvents: 2 })
  probe.produce(0, read(1))
  probe.produce(0, read(2))
  for await (const burst of capture) {
    const { ev, args, bytes } = keep(burst)
    burst.release()
    assertEnded(ev, args, bytes)
    assert.equal([...burst], [])
    burst.release()
  }
  assert.is(capture.stats().delivered, 2)
})

test('close() ends the lease within the loop', async () => {
  const { capture, probe } = openRings(1)
  probe.produce(0, read(1))
  for await (const burst of capture) {
    const { ev, args, bytes } = keep(burst)
    const closed = capture.close()
    assertEnded(ev, args, bytes) // at once, not when the promise resolves
    await closed
    assertEnded(ev, args, bytes)
    assert.equal([...burst], [])
  }
})

test('an error in the loop ends the lease', async () => {
  const { capture, probe } = openRings(1)
  probe.produce(0, read(1))
  let kept: ReturnType<typeof keep> | undefined
  try {
    for await (const burst of capture) {
      kept = keep(burst)
      throw new Error('mine')
    }
  } catch (error) {
    assert.is((error as Error).message, 'mine')
  }
  assertEnded(kept!.ev, kept!.args, kept!.bytes)
})

test('a retained event stays, whatever becomes of the ring', async () => {
  const { capture, probe } = openRings(2)
  probe.produce(1, read(0x1_0000_0007n, 'kept', 77))
  let copy: Event | undefined
  let turns = 0
  for await (const burst of capture) {
    for (const ev of burst) copy ??= ev.retain()
    // Over all of the ring again.
    while (probe.produce(1, read(9, Buffer.alloc(5000, 0xee)))) { /* until full */ }
    if (++turns === 8) break
  }
  assert.is(copy!.ts, 0x1_0000_0007n)
  assert.equal([copy!.tid, copy!.cpu, copy!.num, copy!.name, copy!.dir], [77, 1, 1, 'read', 'exit'])
  assert.is(copy!.param(1)!.toString(), 'kept')
  assert.is(copy!.args.res, 4)
  assert.is(copy!.retain().param(1)!.toString(), 'kept')
})

// The length says where the next record starts: a wrong one must not lead anywhere else.
for (const [what, len] of [['zero', 0], ['less than a header', 25], ['more than there is', 5000], ['4 GiB', 0xffff_ffff]] as const) {
  test(`a record whose length is ${what} ends the capture with a typed error`, async () => {
    const { capture, probe } = openRings(2)
    probe.produce(0, read(1, 'good'))
    const at = read(1, 'good').length
    probe.produce(0, read(2, 'bad'))
    probe.produce(0, read(3, 'behind'))
    for (let i = 0; i < 4; i++) probe.poke(0, at + 16 + i, (len >>> (8 * i)) & 0xff)
    const seen: string[] = []
    let error: unknown
    try {
      for await (const burst of capture) for (const ev of burst) seen.push(ev.param(1)!.toString())
    } catch (caught) {
      error = caught
    }
    assert.equal(seen, ['good'])
    assert.instance(error, CaptureError)
    assert.is((error as CaptureError).code, 'ERR_CAPTURE_FORMAT')
    // It is closed all the same: the probe is gone, the numbers are there.
    assert.throws(() => probe.cpus(), (closed: CaptureError) => closed.code === 'ERR_CAPTURE_CLOSED')
    assert.is(capture.stats().delivered, 1)
    await capture.close()
  })
}

test('a consumer who leaves before the bad record closes the capture as well', async () => {
  const { capture, probe } = openRings(1)
  probe.produce(0, read(1))
  probe.produce(0, read(2))
  for (let i = 0; i < 4; i++) probe.poke(0, read(1).length + 16 + i, 0)
  let error: unknown
  try {
    for await (const burst of capture) {
      for (const _ of burst) break
      break
    }
  } catch (caught) {
    error = caught
  }
  assert.is((error as CaptureError).code, 'ERR_CAPTURE_FORMAT')
  assert.throws(() => probe.cpus(), (closed: CaptureError) => closed.code === 'ERR_CAPTURE_CLOSED')
})

test('a wrong length shortly before the end of the mapping is a typed error too', () => {
  const last = 65_535
  for (let rest = 1; rest < 26; rest++) {
    const { rings, probe, event } = bareRings(1)
    const take = () => {
      rings.refill(true)
      while (rings.next(event)) { /* to the end */ }
      rings.release()
    }
    for (const size of [43_687, 43_687, 43_688]) {
      assert.ok(probe.produce(0, read(1, Buffer.alloc(size - 38))))
      take()
    }
    const at = 43_687 + 43_687 + 43_688
    assert.ok(probe.produce(0, read(2, Buffer.alloc(last - 38))))
    assert.ok(probe.produce(0, read(3, Buffer.alloc(last - 38))))
    for (let i = 0; i < 4; i++) probe.poke(0, (at + last + 16 + i) % RING_BYTES, ((last - rest) >>> (8 * i)) & 0xff)
    // What is left behind the record is no header, and where it ends nothing is mapped.
    assert.throws(take, (error: unknown) => error instanceof CaptureError && error.code === 'ERR_CAPTURE_FORMAT', `${rest} bytes left`)
    assert.not(rings.next(event))
    assert.type(rings.pending(0), 'number')
    probe.close()
  }
})
