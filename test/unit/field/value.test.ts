/** The expected texts are those of `sysdig -p` and `sysdig -j`, version 0.29.3, for fields of these types. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { valueJson, valueText } from '../../../lib/field/value.js'

test('numbers', () => {
  assert.is(valueText(0, 'UINT64'), '0')
  assert.is(valueText(-2, 'INT64'), '-2')
  assert.is(valueText(18_446_744_073_709_551_615n, 'UINT64'), '18446744073709551615')
  assert.is(valueText(5, 'RELTIME', 'PADDED'), '000000005')
  assert.is(valueText(12_345_678_901n, 'RELTIME', 'PADDED'), '12345678901')
  assert.is(valueText(0x801, 'INT32', 'HEX'), '801')
  assert.is(valueText(-1, 'INT32', 'HEX'), 'FFFFFFFF')
  assert.is(valueText(-1, 'INT64', 'HEX'), 'FFFFFFFFFFFFFFFF')
  assert.is(valueText(0xabcn, 'UINT64', 'HEX'), 'ABC')
})

test('one digit behind the point, halves to even', () => {
  assert.is(valueText(0.25, 'DOUBLE'), '0.2')
  assert.is(valueText(0.75, 'DOUBLE'), '0.8')
  assert.is(valueText(-1.25, 'DOUBLE'), '-1.2')
  assert.is(valueText(2, 'DOUBLE'), '2.0')
  assert.is(valueText(99.96, 'DOUBLE'), '100.0')
})

test('booleans, texts, addresses, bytes', () => {
  assert.is(valueText(true, 'BOOL'), 'true')
  assert.is(valueText(0, 'BOOL'), 'false')
  assert.is(valueText('a b', 'CHARBUF'), 'a b')
  assert.is(valueText(Uint8Array.of(10, 0, 0, 1), 'IPADDR'), '10.0.0.1')
  assert.is(valueText(Uint8Array.from([...new Array<number>(15).fill(0), 1]), 'IPADDR'), '::1')
  assert.is(valueText(Uint8Array.of(97, 0, 98), 'BYTEBUF'), 'a')
})

test('JSON', () => {
  assert.is(valueJson(18_446_744_073_709_551_615n, 'UINT64'), '18446744073709551615')
  assert.is(valueJson(5, 'RELTIME', 'PADDED'), '"000000005"')
  assert.is(valueJson(0x801, 'INT32', 'HEX'), '"801"')
  assert.is(valueJson(1, 'BOOL'), 'true')
  assert.is(valueJson('a"b', 'CHARBUF'), '"a\\"b"')
  assert.is(valueJson(Uint8Array.of(10, 0, 0, 1), 'IPADDR'), '"10.0.0.1"')
  assert.is(valueJson('é\x7f', 'CHARBUF'), '"\\u00e9\x7f"')
})

test.run()
