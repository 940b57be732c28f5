import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isCaptureError } from '../../../lib/errors.js'
import { bindField, fieldNames, fields, findField } from '../../../lib/field/registry.js'
import { event } from '../../helpers/record.js'

function failure(text: string): { message: string; hint: string } {
  try {
    bindField(text)
  } catch (error) {
    if (isCaptureError(error) && error.code === 'ERR_CAPTURE_FILTER') return error
    throw error
  }
  throw new Error(`${text} was bound`)
}

test('every field has a name of its own, a sentence and no more than one', () => {
  assert.is(new Set(fieldNames()).size, fields().length)
  for (const { name, doc } of fields()) {
    assert.match(name, /^[a-z]+\.[a-z0-9_.]+$/)
    assert.ok(/^\S.{5,}[.?]$/.test(doc), `${name}: ${doc}`)
  }
})

test('every class is there', () => {
  for (const prefix of ['evt', 'syscall', 'util', 'proc', 'thread', 'user', 'group', 'container', 'fd', 'fs', 'syslog', 'fdlist']) {
    assert.ok(fieldNames().some((name) => name.startsWith(`${prefix}.`)), prefix)
  }
})

test('the longest name that there is, and what follows it is the argument', () => {
  const named = (text: string) => {
    const { field, arg } = bindField(text)
    return `${field.name}|${arg}`
  }
  assert.is(named('evt.time'), 'evt.time|undefined')
  assert.is(named('evt.time.s'), 'evt.time.s|undefined')
  assert.is(named('evt.args'), 'evt.args|undefined')
  assert.is(named('evt.arg.name'), 'evt.arg|name')
  assert.is(named('evt.arg[0]'), 'evt.arg|0')
  assert.is(named('evt.arg["name"]'), 'evt.arg|name')
  assert.is(named('evt.type.is.open'), 'evt.type.is|open')
  assert.is(named('evt.abspath'), 'evt.abspath|undefined')
  assert.is(named('evt.abspath.dst'), 'evt.abspath|dst')
})

test('a bound field is its extractor', () => {
  const field = bindField('evt.rawarg.res')
  assert.is(field.type, 'INT64')
  assert.is(field.get(event({ type: 'PPME_SYSCALL_READ_X', params: [-11, undefined] })), -11)
})

test('no such field: the one that was meant', () => {
  assert.match(failure('evt.tpye').hint, /evt\.type\?/)
  assert.match(failure('evt.type.iss').hint, /evt\.type\.is/)
  assert.match(failure('evt.num[1]').message, /no field evt\.num\[1\]/)
  assert.match(failure('zzzzzzzzzz').hint, /sysring fields/)
  assert.match(failure('').message, /no field/)
  assert.is(findField('evt.tpye'), undefined)
})

test('arguments that will not do', () => {
  assert.match(failure('evt.arg').message, /needs an argument/)
  assert.match(failure('evt.arg.bogus').message, /bogus/)
  assert.match(failure('evt.type.is.bogus').message, /unknown event type bogus/)
  assert.match(failure('evt.around[x]').message, /not a number/)
  assert.match(failure('evt.abspath.foo').message, /src or dst/)
})

test.run()
