import * as assert from 'uvu/assert'
import {
  ETHERTYPE, FRAME_STATE_ONLY, FRAME_V1, type Framing, frameCpu, frameFlags, frameHeader, frameLinktype, unwrap, wrap,
} from '../../../lib/export/framing.js'
import { suite } from '../../helpers/suite.js'

const test = suite('framing')
const FRAMINGS: Framing[] = ['ethernet', 'user0']

for (const framing of FRAMINGS) {
  test(`${framing}: what wrap() writes unwrap() finds`, () => {
    for (const flags of [0, FRAME_STATE_ONLY, FRAME_V1, FRAME_V1 | FRAME_STATE_ONLY]) {
      for (const cpu of [0, 1, 255, 256, 65535]) {
        const view = new DataView(new ArrayBuffer(64))
        const record = wrap(view, 3, framing, 7, flags, cpu)
        assert.is(record, 3 + frameHeader(framing))
        assert.is(unwrap(view, 3, 61, frameLinktype(framing)), record)
        assert.is(frameFlags(view, record), flags)
        assert.is(frameCpu(view, record), cpu)
      }
    }
  })

  test(`${framing}: a frame without a whole header is none`, () => {
    const view = new DataView(new ArrayBuffer(64))
    wrap(view, 0, framing, 7, 0, 1)
    for (let caplen = 0; caplen < frameHeader(framing); caplen++) {
      assert.is(unwrap(view, 0, caplen, frameLinktype(framing)), -1)
    }
    assert.is(unwrap(view, 0, frameHeader(framing), frameLinktype(framing)), frameHeader(framing))
  })
}

test('ethernet: locally administered addresses, EtherType 0x88b5, both directions', () => {
  const enter = Buffer.alloc(18)
  const exit = Buffer.alloc(18)
  wrap(new DataView(enter.buffer, enter.byteOffset, 18), 0, 'ethernet', 306, 0, 0x0201)
  wrap(new DataView(exit.buffer, exit.byteOffset, 18), 0, 'ethernet', 307, 0, 0x0201)
  assert.is(enter.toString('hex'), '0273797300020273797300' + '01' + '88b5' + '01' + '00' + '0102')
  assert.is(exit.subarray(0, 6).toString('hex'), enter.subarray(6, 12).toString('hex'))
  assert.is(exit.subarray(6, 12).toString('hex'), enter.subarray(0, 6).toString('hex'))
  assert.is(enter[0] & 3, 2, 'local and unicast')
  assert.is(enter.readUInt16BE(12), ETHERTYPE)
})

test('ordinary packets, other link types and other versions are not frames', () => {
  const view = new DataView(new ArrayBuffer(64))
  view.setUint16(12, 0x0800)
  view.setUint8(14, 1)
  assert.is(unwrap(view, 0, 64, 1), -1)
  wrap(view, 0, 'ethernet', 7, 0, 1)
  assert.is(unwrap(view, 0, 64, 113), -1)
  view.setUint8(14, 2)
  assert.is(unwrap(view, 0, 64, 1), -1)
})
