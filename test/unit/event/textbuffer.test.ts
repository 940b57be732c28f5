import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jsonText } from '../../../lib/event/json.js'
import { writeLine } from '../../../lib/event/line.js'
import { argsText, textOf, TextBuffer } from '../../../lib/event/text.js'
import { event } from '../../helpers/record.js'

const written = (write: (out: TextBuffer) => void) => {
  const out = new TextBuffer()
  write(out)
  return out.take(0)
}

test('decimals', () => {
  for (const value of [0, 1, 9, 10, 99, 100, 999_999_999, 1_000_000_000, 4_294_967_295, 1e15, 2 ** 53 - 1, -1, -10, -(2 ** 53 - 1)]) {
    assert.is(written((out) => out.decimal(value)), `${value}`)
  }
  assert.is(written((out) => out.nineDigits(1230)), '000001230')
})

test('hexadecimals', () => {
  for (const value of [0n, 1n, 15n, 16n, 255n, 0xffff_ffffn, 0x1_0000_0000n, 0x7fff_1234_5678n, 0xf000_0000_0000_0000n, 2n ** 64n - 1n]) {
    assert.is(written((out) => out.hex(Number(value >> 32n), Number(value & 0xffff_ffffn))), value.toString(16).toUpperCase())
  }
})

test('text that is not ASCII', () => {
  assert.is(written((out) => out.text('naïve 日本 \u{1f600}')), 'naïve 日本 \u{1f600}')
})

test('it grows where it must, at every offset', () => {
  const out = new TextBuffer()
  const size = out.bytes.length
  for (let fill = size - 200; fill <= size; fill++) {
    const small = new TextBuffer()
    small.copy(Buffer.alloc(fill, 'x'), 0, fill)
    const ev = event({ type: 'PPME_SYSCALL_OPEN_X', tid: 123, params: [-2, 'some/path', 4103, 0o644, 0x801] })
    writeLine(small, ev)
    const line = small.take(fill)
    assert.ok(line.endsWith('(123) < open fd=-2(ENOENT) name=some/path(some/path) flags=4103(O_CREAT|O_RDWR|O_CLOEXEC) mode=0644 dev=801 '), `${fill}`)
    assert.is(small.take(0), 'x'.repeat(fill))
  }
})

test('a parameter as long as a record can be', () => {
  const path = '/'.padEnd(65_000, 'ä')
  const bytes = Buffer.from(path.slice(0, 32_000))
  assert.is(argsText(event({ type: 'PPME_SYSCALL_CHDIR_X', params: [0, bytes] })), `res=0 path=${path.slice(0, 32_000)} `)
})

test('the bytes of a record are written as they are', () => {
  const out = new TextBuffer()
  writeLine(out, event({ type: 'PPME_SYSCALL_CHDIR_X', params: [0, Buffer.from([0xff, 0xfe, 0])] }))
  assert.ok(out.bytes.subarray(0, out.length).includes(Buffer.from([0xff, 0xfe, 0x20])))
})

test('JSON escapes what has to be', () => {
  const args = JSON.parse(jsonText(event({ type: 'PPME_SYSCALL_CHDIR_X', params: [0, 'a"\\\n\u0001ü'] })))
  assert.is(args['evt.info'], 'res=0 path=a"\\\n\u0001ü ')
  assert.is(args['evt.args'].path, 'a"\\\n\u0001ü')
})

test('writers may be nested, and fail', () => {
  assert.is(textOf((out) => { out.text(textOf((inner) => inner.text('b'))); out.text('a') }), 'ba')
  assert.throws(() => textOf((out) => { out.text('x'); throw new Error('no') }), 'no')
  assert.is(textOf((out) => out.text('y')), 'y')
})

test.run()
