/** The expected lines are what `sysdig -r … -p …` of version 0.29.3 printed for the same records, where it has the field. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isCaptureError } from '../../../lib/errors.js'
import type { Event } from '../../../lib/event/event.js'
import { TextBuffer } from '../../../lib/event/textbuffer.js'
import { compileFormat, DEFAULT_FORMAT, type FormatOptions } from '../../../lib/field/formatter.js'
import { event } from '../../helpers/record.js'

const bytes = (latin1: string) => Buffer.from(latin1, 'latin1')

function line(format: string, ev: Event, options?: FormatOptions): string | undefined {
  const out = new TextBuffer()
  return compileFormat(format, options)(out, ev) ? out.bytes.toString('latin1', 0, out.length) : undefined
}

function failure(format: string): { message: string; hint: string } {
  try {
    compileFormat(format)
  } catch (error) {
    if (isCaptureError(error) && error.code === 'ERR_CAPTURE_FILTER') return error
    throw error
  }
  throw new Error(`${format} was understood`)
}

const open = event({ type: 'PPME_SYSCALL_OPEN_X', tid: 7, params: [-2, '/etc/passwd', 1, 0, 0x801] })
const read = event({ type: 'PPME_SYSCALL_READ_X', tid: 7, params: [5, bytes('he\0\xff"')] })
open.num = 12
open.cpu = 3

test('text and fields', () => {
  assert.is(line('%evt.num', open), '12')
  assert.is(line('<%evt.num|%evt.cpu> %evt.type!', open), '<12|3> open!')
  assert.is(line('no field', open), 'no field')
  assert.is(line('a*b\\n %evt.num', open), 'a*b\\n 12')
  assert.is(line('%evt.num%evt.num', open), '1212')
  assert.is(line('é%evt.num', open), 'Ã©12')
})

test('a field ends where its name does', () => {
  assert.is(line('%evt.numb', open), '12b')
  assert.is(line('%evt.types', open), 'opens')
  assert.is(line('%evt.arg.name.', open), '/etc/passwd.')
  assert.is(line('%evt.arg[1]x', open), '/etc/passwdx')
  assert.is(line('%evt.type[0]', open), 'open[0]')
})

test('a missing value leaves the line out, or is shown', () => {
  assert.is(line('%evt.num %evt.buffer', open), undefined)
  assert.is(line('*%evt.num %evt.buffer.', open), '12 <NA>.')
  assert.is(line('%evt.arg[9]', open), undefined)
  assert.is(line('*', open), '')
})

test('nothing of a line that is left out stays', () => {
  const out = new TextBuffer()
  out.text('before')
  assert.is(compileFormat('%evt.num %evt.buffer')(out, open), false)
  assert.is(out.length, 6)
})

test('widths cut and fill', () => {
  assert.is(line('%3evt.type|', open), 'ope|')
  assert.is(line('%8evt.type|', open), 'open    |')
  assert.is(line('%0evt.num|', open), '12|')
  assert.is(line('*%6evt.buffer|%2evt.buffer|', open), '<NA>  |<N|')
  assert.is(line('%5evt.arg.name|%3evt.cpu|', open), '/etc/|3  |')
})

test('transformers', () => {
  assert.is(line('%toupper(evt.type)|%tolower(evt.res)', open), 'OPEN|enoent')
  assert.is(line('%basename(evt.arg.name) %len(evt.arg.name)', open), 'passwd 11')
  assert.is(line('%3toupper( evt.type )|', open), 'OPE|')
  assert.is(line('%b64(evt.arg.name)', event({ type: 'PPME_SYSCALL_OPEN_X', params: [3, 'aGVsbG8=', 1, 0, 0] })), 'hello')
  assert.is(line('%len(evt.buffer)', open), undefined)
  assert.is(line('%len(evt.buffer)', read), '5')
  assert.is(line('%len(evt.type) %toupper(evt.type)', open, { json: true }), '{"len(evt.type)":4,"toupper(evt.type)":"OPEN"}')
})

test('what cannot be understood is said with its position', () => {
  assert.match(failure('').message, /empty/)
  assert.match(failure('x%').message, /position 2: nothing follows/)
  assert.match(failure('%5').message, /nothing follows/)
  assert.match(failure('%%').message, /position 2: There is no field/)
  assert.match(failure('%evt.num %evt.tpye').message, /position 11: There is no field evt\.tpye/)
  assert.match(failure('%evt.tpye').hint, /evt\.type/)
  assert.match(failure('%EVT.num').hint, /evt\.num/)
  assert.match(failure('%evt.arg').message, /needs an argument/)
  assert.match(failure('%evt.arg.bogus').message, /no event has an argument bogus/)
  assert.match(failure('%evt.rawarg[0]').message, /has to be named/)
  assert.match(failure('%evt.around[1]').message, /nothing to print/)
  assert.match(failure('%fd.ip').message, /nothing to print/)
  assert.match(failure('%tolower(evt.type').message, /not closed/)
  assert.match(failure('%rot13(evt.type)').message, /there is no rot13/)
  assert.match(failure('%tolower(evt.num)').message, /cannot be applied to evt\.num/)
})

test('JSON: members by name, values by type', () => {
  assert.is(line('*%evt.type x %evt.num %evt.buffer %evt.failed %evt.rawres %evt.dir', open, { json: true }),
    '{"evt.buffer":null,"evt.dir":"<","evt.failed":true,"evt.num":12,"evt.rawres":-2,"evt.type":"open"}')
  assert.is(line('%evt.buffer', open, { json: true }), undefined)
  assert.is(line('%evt.num %evt.num', open, { json: true }), '{"evt.num":12}')
  assert.is(line('text', open, { json: true }), 'null')
})

test('JSON: times are numbers', () => {
  const ev = event({ type: 'PPME_SYSCALL_OPEN_X', ts: 1_700_000_000_000_000_005n, params: [3] })
  assert.is(line('%evt.time %evt.rawtime.ns %evt.rawtime %evt.outputtime', ev, { json: true }),
    '{"evt.outputtime":1700000000000000005,"evt.rawtime":1700000000000000005,"evt.rawtime.ns":5,"evt.time":1700000000000000005}')
})

test('JSON: strings are ASCII', () => {
  const name = (text: string) =>
    line('%evt.rawarg.name', event({ type: 'PPME_SYSCALL_OPEN_X', params: [3, bytes(`${text}\0`)] }), { json: true })
  assert.is(name('a"\\\n\x01'), '{"evt.rawarg.name":"a\\"\\\\\\n\\u0001"}')
  assert.is(name('\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80'), '{"evt.rawarg.name":"\\u00e9\\u20ac\\ud83d\\ude00"}')
})

test('buffers in each format', () => {
  assert.is(line('%evt.buffer', read), 'he.."')
  assert.is(line('%evt.buffer', read, { buffers: 'ascii' }), '\nhe"')
  assert.is(line('%evt.buffer', read, { buffers: 'hex' }), '\n\t0x0000: 6865 00ff 22\n')
  assert.is(line('%evt.buffer', read, { buffers: 'hexascii' }), `\n\t0x0000: 6865 00ff 22${' '.repeat(27)}he.."\n`)
  assert.is(line('%evt.buffer', read, { buffers: 'base64' }), 'aGUA/yI=')
  const lines = event({ type: 'PPME_SYSCALL_READ_X', params: [5, bytes('\na\r\nb\rc\nd')] })
  assert.is(line('%evt.buffer', lines, { buffers: 'ascii' }), '\na\nb\nc\nd')
})

test('buffers are cut after 80 characters, but for those who want all', () => {
  const long = event({ type: 'PPME_SYSCALL_READ_X', params: [90, bytes('x'.repeat(90))] })
  assert.is(line('%evt.buffer', long), `${'x'.repeat(77)}...`)
  assert.is(line('%evt.args', long, { whole: true }), `res=90 data=${'x'.repeat(90)} `)
  assert.is(line('%evt.buffer', long, { json: true }), `{"evt.buffer":"${'x'.repeat(90)}"}`)
})

test('formats do not disturb each other', () => {
  const hex = compileFormat('%evt.buffer', { buffers: 'hex' })
  const dots = compileFormat('%evt.buffer')
  const out = new TextBuffer()
  hex(out, read)
  dots(out, read)
  assert.ok(out.bytes.toString('latin1', 0, out.length).endsWith('\nhe.."'))
})

test('what has to be known for it', () => {
  assert.equal([...compileFormat('%evt.num %evt.outputtime').needs], [])
  assert.equal([...compileFormat('%evt.outputtime', { time: 'd' }).needs], ['thread', 'call'])
  assert.ok(compileFormat(DEFAULT_FORMAT).needs.has('fd'))
  const { fields } = compileFormat('%evt.num %evt.arg.fd')
  assert.equal(fields.map(({ field, arg }) => [field.name, arg]), [['evt.num', undefined], ['evt.arg', 'fd']])
})

test.run()
