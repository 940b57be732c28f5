import * as assert from 'uvu/assert'
import { FRAME_SEQUENCE, FRAME_SUMMARY, writeNumber, writeSummary } from '../../../lib/export/framing.js'
import { suite } from '../../helpers/suite.js'
import { bytes, CLOSE, eventBlock, interfaceBlock, packetBlock, pcap, read, record, sectionHeader } from './build.js'

const test = suite('numbered frames in files')

const HEADER = 18
const framed = (flags: number, body: Uint8Array) => bytes(true, Buffer.from('02737973000102737973000288b5', 'hex'), [1, 1], [1, flags], [2, 3], body)

/** A frame as a NicSender sends it, padded as Ethernet pads it. */
function numbered(sequence: number, stream = 7, { cut = 0 } = {}): Buffer {
  const close = record(5, [Buffer.alloc(8)], { ts: 1_000_000 * (sequence + 1), tid: sequence })
  const frame = Buffer.concat([framed(0, close), Buffer.alloc(8)])
  writeNumber(new DataView(frame.buffer, frame.byteOffset), HEADER, HEADER + close.length, stream, sequence)
  assert.is(frame[15], FRAME_SEQUENCE)
  return Buffer.concat([frame, Buffer.alloc(Math.max(0, 60 - frame.length), 0xee)]).subarray(0, frame.length - cut)
}

function summary(next: number, notSent = 0, stream = 7): Buffer {
  const frame = Buffer.concat([framed(FRAME_SUMMARY, Buffer.alloc(12)), Buffer.alloc(60 - HEADER - 12)])
  writeSummary(new DataView(frame.buffer, frame.byteOffset), HEADER, stream, next, notSent)
  return frame
}

const FILES: Record<string, (frames: Uint8Array[]) => Buffer> = {
  pcap: frames => pcap(frames.map((data, i) => ({ seconds: 1, fraction: i, data }))),
  pcapng: frames => Buffer.concat([sectionHeader(), interfaceBlock({ name: 'eth1', tsresol: 9 }), ...frames.map(data => packetBlock(data))]),
}

for (const [name, file] of Object.entries(FILES)) {
  test(`${name}: lost, twice, late, and what the sender tells`, async () => {
    const frames = [
      summary(0), summary(0), numbered(0), numbered(0), numbered(0), summary(1), numbered(1), numbered(4), numbered(4), numbered(3), numbered(3), numbered(5, 8), numbered(7), summary(9, 0), summary(10, 2),
    ]
    // Whatever the pieces that it is read in, and however often a reader that waits for the next one looks at it.
    for (const options of [{}, { chunkSize: 64 }, { pieces: 7 }, { pace: 1 }, { pace: 1, chunkSize: 64 }, { filter: 'evt.type = close' }]) {
      const { seen, error, capture } = await read(file(frames), options)
      assert.is(error, undefined, JSON.stringify(options))
      assert.equal(seen.map(({ tid }) => tid), [0, 1, 4, 3, 5, 7])
      assert.equal(capture.stats(), {
        seen: 6 + 11, delivered: 6, dropped: { total: 11, network: 5, sender: 2, duplicate: 4 }, filtered: 0, pending: 0, late: 1, perCpu: [],
        streams: [
          { stream: 7, received: 5, missing: 5, reordered: 1, duplicates: 4, notSent: 2 },
          { stream: 8, received: 1, missing: 0, reordered: 0, duplicates: 0, notSent: 0 },
        ],
      })
    }
  })

  test(`${name}: a frame that a snaplen has cut is no loss`, async () => {
    const { seen, capture } = await read(file([numbered(0), numbered(1, 7, { cut: 3 }), numbered(2, 7, { cut: 30 }), numbered(3), summary(5)]))
    assert.is(seen.length, 4)
    assert.equal(capture.stats().dropped, { total: 1, network: 1, sender: 0, duplicate: 0 })
  })

  test(`${name}: ten thousand frames in a row that are no event`, async () => {
    const { seen, capture } = await read(file([numbered(0), ...Array.from({ length: 10_000 }, () => summary(1)), numbered(1)]))
    assert.is(seen.length, 2)
    assert.is(capture.stats().seen, 2)
  })
}

test('without numbers nothing is said of a network', async () => {
  const { seen, capture } = await read(FILES.pcap([framed(0, CLOSE)]))
  assert.is(seen.length, 1)
  assert.equal(capture.stats(), { seen: 1, delivered: 1, dropped: { total: 0 }, filtered: 0, pending: 0, late: 0, perCpu: [] })
})

test('among event blocks', async () => {
  const content = Buffer.concat([sectionHeader(), interfaceBlock({ name: 'eth1', tsresol: 9 }), eventBlock(CLOSE), packetBlock(numbered(0)), packetBlock(numbered(0)), packetBlock(summary(1)), eventBlock(CLOSE), packetBlock(summary(3))])
  const { seen, error, capture } = await read(content)
  assert.is(error, undefined)
  assert.is(seen.length, 3)
  assert.equal(capture.stats().dropped, { total: 3, network: 2, sender: 0, duplicate: 1 })
})
