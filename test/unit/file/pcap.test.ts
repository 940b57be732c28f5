import * as assert from 'uvu/assert'
import { gzipSync } from 'node:zlib'
import { openFile } from '../../../lib/iface/file/open.js'
import { suite } from '../../helpers/suite.js'
import { block, bytes, CLOSE, eventBlock, interfaceBlock, option, packetBlock, pcap, read, record, sectionHeader, vector } from './build.js'

const test = suite('packet captures')

const FRAME = Buffer.from('ffffffffffff0200000000010800', 'hex')
const both = [true, false]

test('classic pcap: both byte orders, micro- and nanoseconds', async () => {
  for (const little of both) {
    for (const nanos of [false, true]) {
      const file = pcap([
        { seconds: 1795219052, fraction: 434760, data: FRAME, length: 60 },
        { seconds: 0xffffffff, fraction: 999999, data: Buffer.alloc(0) },
      ], { little, nanos, snaplen: 14 })
      const { seen, error, capture } = await read(file)
      assert.is(error, undefined)
      const unit = nanos ? 1n : 1000n
      assert.equal(seen.map(({ ts, len, type, tid, nparams, linktype, data }) => ({ ts, len, type, tid, nparams, linktype, data })), [
        { ts: 1795219052_000000000n + 434760n * unit, len: 60, type: 0xffff, tid: 0, nparams: 0, linktype: 1, data: FRAME.toString('hex') },
        { ts: 0xffffffffn * 1_000_000_000n + 999999n * unit, len: 0, type: 0xffff, tid: 0, nparams: 0, linktype: 1, data: '' },
      ])
      assert.equal(capture.interfaces, [{ name: '', linktype: 1, snaplen: 14 }])
      assert.is(capture.stats().seen, 2)
      assert.equal((await read(gzipSync(file), { chunkSize: 5 })).seen, (await read(file, { chunkSize: 5 })).seen)
    }
  }
})

test('classic pcap: flags in the upper bits of the link type are none of it', async () => {
  const { seen } = await read(pcap([{ seconds: 1, fraction: 0, data: FRAME }], { linktype: 0x5400_0001 }))
  assert.is(seen[0].linktype, 1)
})

test('pcapng: both byte orders, names, resolutions, every kind of packet', async () => {
  for (const little of both) {
    const time = 1795219052434760474n
    const { seen, error, capture } = await read(Buffer.concat([
      sectionHeader(little),
      interfaceBlock({ name: 'eth0', snaplen: 10, little }),
      interfaceBlock({ name: 'lo', tsresol: 9, linktype: 101, little }),
      interfaceBlock({ tsresol: 3, little }),
      interfaceBlock({ tsresol: 0x80 | 20, little }),
      interfaceBlock({ tsresol: 6, tsoffset: 1_000_000_000n, little }),
      packetBlock(FRAME, { time: time / 1000n, length: 1500, little }),
      packetBlock(FRAME, { iface: 1, time, little }),
      packetBlock(FRAME, { iface: 2, time: 1500n, little }),
      packetBlock(FRAME, { iface: 3, time: 3n << 19n, little }),
      packetBlock(FRAME, { iface: 4, time: 5n, little }),
      block(2, bytes(little, [2, 1], [2, 0], [4, time >> 32n], [4, time & 0xffffffffn], [4, 14], [4, 15], FRAME), little),
      block(3, bytes(little, [4, 14], FRAME.subarray(0, 10)), little),
      block(4, Buffer.alloc(8), little),
    ]))
    assert.is(error, undefined)
    assert.equal(capture.interfaces.map(({ name }) => name), ['eth0', 'lo', '', '', ''])
    assert.equal(seen.map(ev => [ev.iface, ev.linktype, ev.ts, ev.len, ev.data!.length / 2]), [
      [0, 1, time / 1000n * 1000n, 1500, 14],
      [1, 101, time, 14, 14],
      [2, 1, 1_500_000_000n, 14, 14],
      [3, 1, 1_500_000_000n, 14, 14],
      [4, 1, 1_000_000_000_000_005_000n, 14, 14],
      [1, 101, time, 15, 14],
      [0, 1, 0n, 14, 10],
    ])
  }
})

test('sections of both byte orders in one file; interfaces are numbered through', async () => {
  const section = (little: boolean, name: string) => Buffer.concat([
    sectionHeader(little), interfaceBlock({ name, little }), packetBlock(FRAME, { time: 1n, little }),
  ])
  const { seen, capture } = await read(Buffer.concat([section(true, 'a'), section(false, 'b'), section(true, 'c')]))
  assert.equal(seen.map(ev => [ev.section, ev.iface, ev.ts]), [[0, 0, 1000n], [1, 1, 1000n], [2, 2, 1000n]])
  assert.equal(capture.interfaces.map(({ name }) => name), ['a', 'b', 'c'])
})

test('what interfaces lost counts as seen and dropped', async () => {
  const statistics = (iface: number, dropped: bigint, little: boolean) =>
    block(5, bytes(little, [4, iface], [8, 0], option(4, bytes(little, [8, 99]), little), option(5, bytes(little, [8, dropped]), little), option(0, Buffer.alloc(0), little)), little)
  for (const little of both) {
    const capture = await read(Buffer.concat([
      sectionHeader(little), interfaceBlock({ little }), interfaceBlock({ little }),
      packetBlock(FRAME, { little }), statistics(0, 3n, little), packetBlock(FRAME, { little }),
      statistics(0, 5n, little), statistics(1, 7n, little), statistics(1, -1n, little), statistics(9, 1n, little),
    ])).then(({ capture }) => capture)
    const { seen, delivered, dropped, filtered } = capture.stats()
    assert.equal({ seen, delivered, total: dropped.total, filtered }, { seen: 14, delivered: 2, total: 12, filtered: 0 })
  }
})

test('events and packets in one file', async () => {
  for (const name of ['eth_and_ev.pcapng', 'epb_first.pcapng']) {
    const { seen, capture } = await read(vector(name))
    assert.equal(seen.map(ev => ev.type).sort(), [4, 5, 0xffff])
    assert.equal(capture.interfaces.map(({ name, linktype }) => [name, linktype]), [['eth0', 1], ['sysdig', 147]])
    for (const ev of seen) assert.is(ev.iface, ev.type === 0xffff ? 0 : 1)
  }
})

const user0 = (rec: Uint8Array, { version = 1, flags = 0, cpu = 3 } = {}) => bytes(true, [1, version], [1, flags], [2, cpu], rec)
const ethernet = (rec: Uint8Array, options = {}) => Buffer.concat([Buffer.from('02737973000102737973000288b5', 'hex'), user0(rec, options)])

test('frames that carry records are events again', async () => {
  const rec = record(5, [Buffer.from('0100000000000000', 'hex')], { ts: 123456789012345678n, tid: -1 })
  const old = record(5, [Buffer.alloc(8)], { header: 22 })
  for (const [linktype, frame] of [[147, user0], [1, ethernet]] as const) {
    const padded = Buffer.concat([frame(rec), Buffer.alloc(20)])
    const packets = [frame(rec, { flags: 1 }), padded, frame(old, { flags: 0x80 })]
    const refused = [frame(rec, { version: 2 }), frame(rec).subarray(0, -1), frame(old, { flags: 0 }), frame(rec).subarray(0, 3)]
    const list = [...packets, ...refused]
    const files = [
      pcap(list.map(data => ({ seconds: 1, fraction: 0, data })), { linktype }),
      Buffer.concat([sectionHeader(), interfaceBlock({ linktype }), ...list.map(data => packetBlock(data))]),
      Buffer.concat([sectionHeader(false), interfaceBlock({ linktype, little: false }), ...list.map(data => packetBlock(data, { little: false }))]),
    ]
    for (const file of files) {
      const { seen, error } = await read(file)
      assert.is(error, undefined)
      assert.equal(seen.slice(0, 3).map(ev => [ev.type, ev.ts, ev.tid, ev.cpu, ev.flags, ev.len, ev.params[0]]), [
        [5, 123456789012345678n, -1, 3, 1, 36, '0100000000000000'],
        [5, 123456789012345678n, -1, 3, 0, 36, '0100000000000000'],
        [5, 1n, 2, 3, 0, 32, '0000000000000000'],
      ])
      assert.equal(seen.slice(3).map(ev => ev.data), refused.map(data => data.toString('hex')))
    }
  }
})

test('a packet that is kept is a copy; one that is not ends with its burst', async () => {
  const capture = await openFile((async function* () {
    yield pcap([{ seconds: 1, fraction: 0, data: FRAME }, { seconds: 2, fraction: 0, data: Buffer.alloc(3) }])
  })())
  let kept, packet, packetBytes
  for await (const burst of capture) {
    for (const ev of burst) {
      if (kept !== undefined) continue
      kept = ev.retain()
      packet = ev.packet!
      packetBytes = packet.bytes
    }
  }
  const ended = (error: { code?: string }) => error.code === 'ERR_CAPTURE_LEASE'
  assert.throws(() => packet!.bytes, ended)
  assert.throws(() => packetBytes!.copy(), ended)
  assert.is(kept!.packet!.bytes.toString('hex'), FRAME.toString('hex'))
  assert.is(kept!.ts, 1_000_000_000n)
  assert.is(kept!.caplen, 14)
})

test('events behind packets are events', async () => {
  const { seen } = await read(Buffer.concat([
    sectionHeader(), interfaceBlock(), packetBlock(FRAME), eventBlock(CLOSE), packetBlock(FRAME), eventBlock(CLOSE, { type: 0x217, flags: 1 }),
    eventBlock(record(5, [Buffer.alloc(8)], { header: 22 }), { type: 0x204 }), eventBlock(CLOSE),
  ]))
  assert.equal(seen.map(ev => [ev.type, ev.linktype, ev.flags, ev.len]), [
    [0xffff, 1, 0, 14], [5, undefined, 0, 36], [0xffff, 1, 0, 14], [5, undefined, 1, 36], [5, undefined, 0, 32], [5, undefined, 0, 36],
  ])
})
