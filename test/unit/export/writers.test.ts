import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { CaptureError } from '../../../lib/errors.js'
import { frameHeader } from '../../../lib/export/framing.js'
import { formatForPath } from '../../../lib/export/format.js'
import { pcap } from '../../../lib/export/pcap.js'
import { pcapng } from '../../../lib/export/pcapng.js'
import { scap } from '../../../lib/export/scap.js'
import { HEADER_V1 } from '../../../lib/event/record.js'
import { SyntheticCapture, synthetic, type SyntheticPacket, type SyntheticRecord } from '../../helpers/capture.js'
import { suite } from '../../helpers/suite.js'
import { blocks, collect, enhancedPacket, options, pcapFile, seeded } from './parse.js'

const test = suite('writers')

const START = 1_700_000_000_999_999_000n
const METADATA = [
  { type: 0x201, body: Uint8Array.from({ length: 180 }, (_, i) => i) },
  { type: 0x219, body: Uint8Array.of(1, 2, 3, 4, 5) },
  { type: 0x218, body: new Uint8Array(0) },
]

/** Bytes with a header of a record; the parameters are rubbish, which no writer looks at. */
function bytes(length: number, ts: bigint, type: number, random: (below: number) => number): Buffer {
  const record = Buffer.alloc(length, 0)
  for (let i = 0; i < length; i++) record[i] = random(256)
  record.writeBigUInt64LE(ts, 0)
  record.writeUInt32LE(length, 16)
  record.writeUInt16LE(type, 20)
  return record
}

/** Records of all small sizes and some large ones, of all kinds; times that cross seconds. */
function records(seed: number): SyntheticRecord[] {
  const random = seeded(seed)
  return Array.from({ length: 600 }, (_, i) => {
    const kind = random(20)
    const length = i < 200 ? 26 + i : i % 50 === 0 ? 60_000 + random(5000) : 26 + random(3000)
    const type = kind === 0 ? 402 : random(300)
    return {
      bytes: bytes(length, START + BigInt(i) * 137n + BigInt(random(2) * 1_000_000_000), type, random),
      cpu: random(70_000) & 0xffff,
      flags: kind === 1 ? 1 : 0,
      header: kind === 2 || kind === 1 && i % 2 === 0 ? HEADER_V1 : undefined,
    }
  })
}

const tsOf = (record: SyntheticRecord): bigint => Buffer.from(record.bytes).readBigUInt64LE(0)
const typeOf = (record: SyntheticRecord): number => Buffer.from(record.bytes).readUInt16LE(20)

test('scap: metadata as it was, then every record with its CPU and flags', async () => {
  for (const seed of [1, 2, 3]) {
    const given = records(seed)
    const [shb, ...rest] = blocks(await collect(scap()(synthetic(given, { metadata: METADATA, poison: true, burst: 97 }))))
    assert.is(shb.type, 0x0a0d0d0a)
    assert.is(shb.body.toString('hex'), '4d3c2b1a01000200ffffffffffffffff')
    for (const { type, body } of METADATA) {
      const block = rest.shift()!
      assert.is(block.type, type)
      assert.equal(new Uint8Array(block.body.subarray(0, body.length)), body)
      assert.ok(block.body.length - body.length < 4)
    }
    assert.is(rest.length, given.length)
    given.forEach((record, i) => {
      const flags = record.flags !== 0
      const v1 = record.header === HEADER_V1
      const [plain, flagged] = v1 ? [0x204, 0x208] : typeOf(record) === 402 ? [0x221, 0x222] : [0x216, 0x217]
      const { type, body } = rest[i]
      assert.is(type, flags ? flagged : plain)
      assert.is(body.readUInt16LE(0), record.cpu)
      if (flags) assert.is(body.readUInt32LE(2), record.flags)
      const at = flags ? 6 : 2
      assert.is(Buffer.compare(body.subarray(at, at + record.bytes.length), record.bytes), 0)
      assert.ok(body.subarray(at + record.bytes.length).every((byte) => byte === 0))
      assert.ok(body.length - at - record.bytes.length < 4)
    })
  }
})

test('scap: a new section repeats the header and has its own metadata', async () => {
  const given = records(4).slice(0, 20)
  const source = new SyntheticCapture([
    { metadata: METADATA.slice(0, 1), bursts: [given.slice(0, 10)] },
    { metadata: METADATA.slice(1, 2), bursts: [given.slice(10, 15), given.slice(15)] },
  ])
  const types = blocks(await collect(scap()(source))).map(({ type }) => type)
  assert.equal(types.filter((type) => type === 0x0a0d0d0a).length, 2)
  assert.equal(types.slice(0, 2), [0x0a0d0d0a, 0x201])
  assert.equal(types.slice(12, 14), [0x0a0d0d0a, 0x219])
  assert.is(types.length, 24)
})

test('scap: metadata that comes with the first burst is written once', async () => {
  const types = blocks(await collect(scap()(synthetic(records(5).slice(0, 3), { metadata: METADATA })))).map(({ type }) => type)
  assert.is(types.filter((type) => type === 0x201).length, 1)
})

test('scap: gzip', async () => {
  const given = records(6)
  const plain = await collect(scap()(synthetic(given, { metadata: METADATA })))
  const zipped = await collect(scap({ gzip: true })(synthetic(given, { metadata: METADATA })))
  assert.is(Buffer.compare(gunzipSync(zipped), plain), 0)
})

for (const framing of ['ethernet', 'user0'] as const) {
  const header = frameHeader(framing)

  test(`pcapng ${framing}: every record in a packet of its own`, async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const random = seeded(seed)
      const snaplen = seed === 1 ? undefined : 64 + random(1000)
      const given = records(seed)
      const list = blocks(await collect(pcapng({ framing, snaplen })(synthetic(given, { poison: true, burst: 1 + random(300) }))))
      const idb = list.find(({ type }) => type === 1)!
      assert.is(idb.body.readUInt16LE(0), framing === 'ethernet' ? 1 : 147)
      assert.is(idb.body.readUInt32LE(4), snaplen ?? 262144)
      const packets = list.filter(({ type }) => type === 6).map(enhancedPacket)
      assert.is(packets.length, given.length)
      packets.forEach((packet, i) => checkFrame(packet, given[i], header, snaplen))
    }
  })

  for (const precision of ['ns', 'us'] as const) {
    test(`pcap ${framing} ${precision}: snaplen cuts, len and time stay`, async () => {
      for (const seed of [1, 2, 3]) {
        const random = seeded(seed)
        const snaplen = seed === 1 ? undefined : 64 + random(200)
        const given = records(seed)
        const file = pcapFile(await collect(pcap({ framing, snaplen, precision })(synthetic(given, { poison: true }))))
        assert.is(file.magic, precision === 'ns' ? 0xa1b23c4d : 0xa1b2c3d4)
        assert.is(file.linktype, framing === 'ethernet' ? 1 : 147)
        assert.is(file.snaplen, snaplen ?? 262144)
        assert.is(file.packets.length, given.length)
        file.packets.forEach((packet, i) => checkFrame(packet, given[i], header, snaplen, precision === 'us' ? 1000n : 1n))
      }
    })
  }
}

function checkFrame(packet: { ts: bigint; length: number; data: Buffer }, given: SyntheticRecord, header: number, snaplen = 262144, unit = 1n): void {
  assert.is(packet.ts, tsOf(given) / unit * unit)
  assert.is(packet.length, header + given.bytes.length)
  assert.is(packet.data.length, Math.min(snaplen, packet.length))
  const sysring = packet.data.subarray(header - 4, header)
  assert.is(sysring[0], 1)
  assert.is(sysring[1], given.flags! | (given.header === HEADER_V1 ? 0x80 : 0))
  assert.is(sysring.readUInt16LE(2), given.cpu)
  assert.is(Buffer.compare(packet.data.subarray(header), given.bytes.subarray(0, packet.data.length - header)), 0)
}

test('pcapng scap: one interface, metadata and nothing but events after the first event', async () => {
  const given = records(7)
  const types = blocks(await collect(pcapng({ framing: 'scap' })(synthetic(given, { metadata: METADATA })))).map(({ type }) => type)
  assert.equal(types.slice(0, 5), [0x0a0d0d0a, 1, 0x201, 0x219, 0x218])
  assert.is(types.length, 5 + given.length)
  assert.ok(types.slice(5).every((type) => type >= 0x204))
})

test('pcapng: the options of section and interface', async () => {
  const list = blocks(await collect(pcapng({ filter: 'evt.type = open' })(synthetic(records(8).slice(0, 1)))))
  const section = options(list[0].body.subarray(16))
  assert.is(section.get(4)?.toString(), 'sysring')
  assert.match(section.get(3)!.toString(), /^\w+ /)
  const iface = options(list[1].body.subarray(8))
  assert.is(iface.get(2)?.toString(), 'sysdig')
  assert.is(iface.get(3)?.toString(), 'system calls')
  assert.is(iface.get(9)?.toString('hex'), '09')
  assert.is(iface.get(11)?.toString(), '\0evt.type = open')
})

test('pcapng: statistics with period and causes of loss', async () => {
  const given = records(9).slice(0, 3)
  const stats = { seen: 2 ** 33 + 7, delivered: 3, dropped: { total: 7, ring: 5, queue: 2, other: 0 } }
  const { type, body } = blocks(await collect(pcapng()(synthetic(given, { stats })))).at(-1)!
  assert.is(type, 5)
  const found = options(body.subarray(12))
  const time = (code: number) => BigInt(found.get(code)!.readUInt32LE(0)) << 32n | BigInt(found.get(code)!.readUInt32LE(4))
  assert.is(time(2), tsOf(given[0]))
  assert.is(time(3), tsOf(given[2]))
  assert.is(found.get(4)!.readBigUInt64LE(), 2n ** 33n + 7n)
  assert.is(found.get(5)!.readBigUInt64LE(), 7n)
  assert.is(found.get(7)!.readBigUInt64LE(), 7n)
  assert.is(found.get(8)!.readBigUInt64LE(), 3n)
  assert.is(found.get(1)!.toString(), 'dropped: ring 5, queue 2')
})

test('pcapng: comments on records', async () => {
  const given = records(10).slice(0, 40)
  const comments = (event: { num: number }) => event.num % 3 === 0 ? undefined : 'ä'.repeat(event.num)
  const packets = blocks(await collect(pcapng({ comments })(synthetic(given)))).filter(({ type }) => type === 6).map(enhancedPacket)
  packets.forEach(({ comment, data }, i) => {
    assert.is(comment, (i + 1) % 3 === 0 ? undefined : 'ä'.repeat(i + 1))
    assert.is(Buffer.compare(data.subarray(18), given[i].bytes), 0)
  })
})

test('pcapng: packets of a NIC stand beside records, each under its interface', async () => {
  const [record] = records(11)
  const packet: SyntheticPacket = { ts: START, packet: Buffer.from('packet bytes!'), length: 1500, iface: 1 }
  const interfaces = [{ name: 'sysdig', linktype: 147, snaplen: 0 }, { name: 'eth0', linktype: 1, snaplen: 0 }]
  const list = blocks(await collect(pcapng()(synthetic([record, packet, record], { interfaces }))))
  assert.equal(list.filter(({ type }) => type === 1).map(({ body }) => options(body.subarray(8)).get(2)!.toString()), ['sysdig', 'eth0'])
  assert.equal(list.filter(({ type }) => type === 1).map(({ body }) => body.readUInt16LE(0)), [1, 1])
  const packets = list.filter(({ type }) => type === 6).map(enhancedPacket)
  assert.equal(packets.map(({ iface }) => iface), [0, 1, 0])
  assert.is(packets[1].data.toString(), 'packet bytes!')
  assert.is(packets[1].length, 1500)
})

test('pcapng: interfaces that appear later are described before their first packet', async () => {
  const interfaces: { name: string; linktype: number; snaplen: number }[] = []
  const late = { name: 'late', linktype: 1, snaplen: 0 }
  const source = synthetic([{ ts: START, packet: Buffer.alloc(0), iface: 0 }], { interfaces })
  interfaces.push(late)
  const list = blocks(await collect(pcapng()(source)))
  assert.equal(list.map(({ type }) => type), [0x0a0d0d0a, 1, 6, 5])
})

test('pcap: packets of a NIC', async () => {
  const packet: SyntheticPacket = { ts: START, packet: Buffer.alloc(200, 7), length: 1500 }
  const { packets } = pcapFile(await collect(pcap({ snaplen: 64 })(synthetic([packet]))))
  assert.is(packets[0].data.length, 64)
  assert.is(packets[0].length, 1500)
  assert.is(packets[0].ts, START)
})

test('packets that a format cannot hold end it with a hint', async () => {
  const ethernet: SyntheticPacket = { ts: START, packet: Buffer.alloc(60) }
  const wifi: SyntheticPacket = { ...ethernet, linktype: 105 }
  for (const [format, packet] of [
    [scap(), ethernet], [scap({ gzip: true }), ethernet], [pcapng({ framing: 'scap' }), ethernet], [pcapng({ framing: 'user0' }), ethernet],
    [pcap({ framing: 'user0' }), ethernet], [pcapng(), wifi], [pcap(), wifi],
  ] as const) {
    const source = synthetic([records(12)[0], packet])
    const error = await collect(format(source)).then(() => undefined, (reason: unknown) => reason)
    assert.instance(error, CaptureError)
    assert.is((error as CaptureError).code, 'ERR_CAPTURE_FORMAT')
    assert.match((error as CaptureError).hint, /file/)
    assert.ok(source.closed, 'the capture is closed')
  }
})

test('no record at all: still a file of its format', async () => {
  assert.equal(blocks(await collect(pcapng()(synthetic([])))).map(({ type }) => type), [0x0a0d0d0a, 1, 5])
  assert.equal(blocks(await collect(scap()(synthetic([], { metadata: METADATA })))).map(({ type }) => type), [0x0a0d0d0a, 0x201, 0x219, 0x218])
  assert.is(pcapFile(await collect(pcap()(synthetic([])))).packets.length, 0)
})

test('a record far beyond the slab, and one beyond every snaplen', async () => {
  const random = seeded(13)
  const record = { bytes: bytes(3_000_001, START, 402, random) }
  const [, block] = blocks(await collect(scap()(synthetic([record]))))
  assert.is(Buffer.compare(block.body.subarray(2, 2 + record.bytes.length), record.bytes), 0)
  const packet = enhancedPacket(blocks(await collect(pcapng()(synthetic([record]))))[2])
  assert.is(packet.data.length, 262144)
  assert.is(packet.length, 18 + record.bytes.length)
})

test('options out of range', () => {
  for (const make of [
    () => pcapng({ snaplen: 63 }), () => pcapng({ snaplen: 262145 }), () => pcapng({ snaplen: 1.5 * 64.1 }),
    () => pcapng({ framing: 'scap', snaplen: 1000 }), () => pcap({ snaplen: 0 }), () => pcap({ framing: 'scap' as 'user0' }),
  ]) {
    assert.throws(make, (error: CaptureError) => error.code === 'ERR_CAPTURE_OPTION' && error.hint !== '')
  }
})

test('in a pipeline: chunks go on being right while the reader is slow, and its end closes the capture', async () => {
  const given = records(14)
  const slow = new PassThrough({ highWaterMark: 1 })
  const source = synthetic(given, { poison: true, burst: 10 })
  const read = (async () => {
    const list: Buffer[] = []
    for await (const chunk of slow) {
      list.push(chunk as Buffer)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    return Buffer.concat(list)
  })()
  await pipeline(source, scap(), slow)
  assert.is(Buffer.compare(await read, await collect(scap()(synthetic(given)))), 0)
  assert.ok(source.closed)
})

test('formatForPath', () => {
  assert.equal(formatForPath('/x/trace.scap'), { format: 'scap', gzip: false })
  assert.equal(formatForPath('trace.SCAP.gz'), { format: 'scap', gzip: true })
  assert.equal(formatForPath('trace.json.gz'), { format: 'chrome', gzip: true })
  assert.equal(formatForPath('a.pcap'), { format: 'pcap', gzip: false })
  assert.equal(formatForPath('a.pcap.pcapng'), { format: 'pcapng', gzip: false })
  assert.equal(formatForPath('-'), { format: 'pcapng', gzip: false })
  assert.equal(formatForPath('scap'), { format: 'pcapng', gzip: false })
})
