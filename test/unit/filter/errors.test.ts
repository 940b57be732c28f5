/** Filters that cannot be used: where it says so, and what it says to do. */
import * as assert from 'uvu/assert'
import type { Event } from '../../../lib/event/event.js'
import type { Field } from '../../../lib/field/field.js'
import { compile } from '../../../lib/filter/compile.js'
import { FilterError } from '../../../lib/filter/error.js'
import { parse } from '../../../lib/filter/parse.js'
import type { Fields } from '../../../lib/filter/resolve.js'
import { test } from '../../helpers/suite.js'
import { fields as testFields } from './fields.js'

const names: Field[] = (['evt.type', 'proc.name', 'fd.name', 'fd.sip', 'thread.tid'] as const).map(name => ({
  name,
  type: name === 'thread.tid' ? 'INT64' : name === 'fd.sip' ? 'IPADDR' : 'CHARBUF',
  doc: name,
  bind: () => ({ get: (_: Event) => undefined }),
}))
const fields: Fields = {
  findField: name => names.find(field => field.name === name) ?? testFields.findField(name),
  fieldNames: () => [...names.map(({ name }) => name), ...testFields.fieldNames()],
}

/** Filter; offset; in the message; in the hint or the suggestion. */
const WRONG: readonly (readonly [string, number, string, string?])[] = [
  ['', 0, 'the filter is empty', 'evt.type=open'],
  ['   ', 3, 'the filter is empty'],
  ['()', 1, 'a field should stand here, not )', 'a field'],
  ['(', 1, 'ends where a field should stand', 'a field'],
  ['(t.i32=1', 0, 'the bracket is not closed', "')'"],
  ['t.i32=1)', 7, 'this bracket was never opened', 'the end'],
  ['((t.i32=1)', 0, 'the bracket is not closed'],
  ['t.i32=1 t.i8=2', 8, 'comparison before this is complete', 'and, or or the end'],
  ['t.i32=1 && t.i8=2', 8, 'comparison before this is complete', 'and'],
  ['t.i32=1 || t.i8=2', 8, 'comparison before this is complete', 'or'],
  ['t.i32=1 AND t.i8=2', 8, 'comparison before this is complete', 'and'],
  ['t.i32=1 ond t.i8=2', 8, 'comparison before this is complete', 'and'],
  ['t.i32=1 and', 11, "'and' stands alone", 'a blank'],
  ['t.i32=1 and ', 12, 'ends where a field should stand'],
  ['t.i32=1 and and t.i8=1', 12, 'a field should stand here, not and', 'a field'],
  ['or t.i32=1', 0, 'a field should stand here, not or', 'a field'],
  ['t.i32=1 or or', 11, 'a field should stand here, not or'],
  ['not', 3, "'not' stands alone"],
  ['! t.i32=1', 0, 'a field should stand here, not !', 'not'],
  ['!(t.i32=1)', 0, 'a field should stand here, not !', 'not'],
  ['t.i32', 5, 'ends where an operator should stand', 'exists'],
  ['t.i32 =', 7, 'a value is missing', "''"],
  ['t.i32= and t.i8=1', 11, 'comparison before this is complete'],
  ['t.i32 ~ 1', 6, 'there is no operator ~', 'regex'],
  ['t.text like x', 7, 'there is no operator like', 'glob'],
  ['t.text matches x', 7, 'there is no operator matches', 'regex'],
  ['t.text CONTAINS x', 7, 'there is no operator CONTAINS', 'contains'],
  ['t.text contain x', 7, 'there is no operator contain', 'contains'],
  ['t.text containsx', 7, 'there is no operator containsx', 'contains'],
  ['t.text starswith x', 7, 'there is no operator starswith', 'startswith'],
  ['t.text <> x', 10, 'comparison before this is complete'],
  ['t.text in x', 10, 'takes a list in brackets', 'in (x)'],
  ['t.text in ()', 10, 'the list is empty', 'a value'],
  ['t.text in (', 11, 'a value is missing'],
  ['t.text in (a', 10, 'the list is not closed', "')'"],
  ['t.text in (a,', 13, 'a value is missing'],
  ['t.text in (a,)', 10, 'a value is missing after the comma'],
  ['t.text in (a,,b)', 13, 'a value is missing'],
  ['t.text in (a b)', 13, 'stand apart by commas', "','"],
  ['t.text pmatch /etc', 14, 'takes a list', 'pmatch (/etc)'],
  ['t.text = (a, b)', 9, 'takes one value', 'in'],
  ['t.text = f(x)', 10, 'needs quotes', '"f'],
  ['t.text = "abc', 9, 'is not closed', `'"'`],
  ["t.text = 'abc", 9, "the ' is not closed"],
  [String.raw`t.text = "a\qb"`, 11, String.raw`there is no escape \q`, String.raw`\\q`],
  [String.raw`t.text = "a\xg0"`, 11, String.raw`there is no escape \x`, String.raw`\\x`],
  [String.raw`t.text = "a\'b"`, 11, 'there is no escape'],
  ['t.text = "a\\', 11, 'there is no escape'],
  ['t.arg[', 6, 'argument between the brackets is missing'],
  ['t.arg[]=1', 6, 'argument between the brackets is missing'],
  ['t.arg[x=1', 9, 'not closed', "']'"],
  ['t.arg["x=1', 6, 'is not closed'],
  ['lower(t.text)=a', 0, 'there is no transformer lower', 'tolower'],
  ['tolower(t.text=a', 14, 'tolower( is not closed', "')'"],
  ['tolower()=a', 8, 'a field should stand here'],
  ['val(t.text)=a', 0, 'val() is for the right side'],
  ['t.text=val(tolower(t.text))', 11, 'val() is for a field', 'tolower(t.text)'],
  ['t.text=val(t.other', 18, 'val( is not closed'],
  // fields
  ['open', 4, 'ends where an operator should stand'],
  ['evt.typ=open', 0, 'there is no field evt.typ', 'evt.type'],
  ['EVT.TYPE=open', 0, 'there is no field EVT.TYPE', 'evt.type'],
  ['pid=1', 0, 'there is no field pid'],
  ['comm=cat', 0, 'there is no field comm', 'proc.name'],
  ['proc.comm=cat', 0, 'there is no field proc.comm', 'proc.name'],
  ['t.i32=1 and prc.name=cat', 12, 'there is no field prc.name', 'proc.name'],
  ['zzzzzzzzzzzz.zzzzzzzzz=1', 0, 'there is no field', 'sysring fields'],
  ['t.text.more=1', 0, 'there is no field t.text.more'],
  ['t.text[0]=1', 6, 't.text takes no argument', 't.text'],
  ['t.arg=1', 0, 't.arg needs an argument', 't.arg[0]'],
  ['t.arg.a[0]=1', 5, 'takes one argument'],
  ['t.index.x=1', 8, 'x is not a number', 'For tests'],
  ['t.index[y]=1', 8, 'y is not a number'],
  // operators that do not fit
  ['t.i32 contains 1', 6, 'contains cannot be used on t.i32, which is a number', '='],
  ['t.i32 glob 1', 6, 'glob cannot be used', '='],
  ['t.i32 pmatch (1)', 6, 'pmatch cannot be used', 'in'],
  ['t.i32 regex 1', 6, 'regex cannot be used'],
  ['t.bool startswith t', 7, 'startswith cannot be used'],
  ['t.ip < 10.0.0.1', 5, '< cannot be used on t.ip, which is an IP address', '='],
  ['t.net contains 10.0.0.0/8', 6, 'contains cannot be used'],
  ['t.bytes < a', 8, '< cannot be used on t.bytes, which is bytes'],
  ['t.bytes icontains a', 8, 'icontains cannot be used', 'contains'],
  ['t.bytes regex a', 8, 'regex cannot be used'],
  ['t.text bcontains 61', 7, 'bcontains cannot be used', 'contains'],
  ['t.list = a', 7, '= cannot be used on t.list, which is a list', 'intersects'],
  ['t.time icontains 1', 7, 'icontains cannot be used'],
  // values
  ['t.i32 = x', 8, 'x is not a whole number', '42'],
  ['t.i32 = 1.5', 8, '1.5 is not a whole number'],
  ['t.i32 = 1e3', 8, 'not a whole number'],
  ["t.i32 = ''", 8, 'nothing is not a whole number'],
  ['t.i32 = 3abc', 8, 'not a whole number'],
  ['t.i32 = 0xg', 8, 'not a whole number'],
  ['t.i32 in (1, 2, x)', 16, 'x is not a whole number'],
  ['t.double = x', 11, 'x is not a number'],
  ['t.bool = True', 9, 'True is neither true nor false', 'true or false'],
  ['t.bool = yes', 9, 'yes is neither'],
  ['t.port = nosuchport', 9, 'neither a port nor the name', '80 or http'],
  ['t.port = 99999999999', 9, 'not a port'],
  ['t.port = -1', 9, 'neither a port'],
  ['t.ip = 10.0.0', 7, '10.0.0 is not an IP address', '10.0.0.1'],
  ['t.ip = 10.0.0.256', 7, 'not an IP address'],
  ['t.ip = 10.0.0.0/8', 7, 'not an IP address', 'fd.net'],
  ['t.ip = :::1', 7, 'not an IP address'],
  ['t.ip = fe80::1%eth0', 7, 'not an IP address'],
  ['t.ip in (10.0.0.1, x)', 19, 'x is not an IP address'],
  ['t.net = 10.0.0.1', 8, 'is not a network', '10.0.0.0/8'],
  ['t.net = 10.0.0.0/33', 8, 'length of a mask'],
  ['t.net = 10.0.0.0/', 8, 'length of a mask'],
  ['t.net = 10.0.0.0/-1', 8, 'length of a mask'],
  ['t.net = 10.0.0.0/8/8', 8, 'length of a mask'],
  ['t.net = ::/129', 8, 'length of a mask'],
  ['t.bytes bcontains 6', 18, 'hexadecimal'],
  ['t.bytes bcontains xy', 18, 'hexadecimal'],
  ['t.text regex (a)', 13, 'takes one value', 'quotes'],
  ['t.text regex "(a"', 13, 'not closed'],
  [String.raw`t.text regex "(a)\\1"`, 13, 'refers back'],
  ['t.text regex *', 13, 'nothing before *'],
  ['evt.type = opne', 11, 'there is no event opne', 'open'],
  ['evt.type in (open, clsoe)', 19, 'there is no event clsoe', 'close'],
  ['evt.type = NA', 11, 'there is no event NA'],
  ["evt.type != ''", 12, "there is no event ''"],
  ['evt.type contains nosuch', 18, 'there is no event nosuch'],
  // right sides and transformers
  ['tolower(t.i32) = 1', 0, 'tolower() cannot be applied to t.i32', 'INT32'],
  ['len(t.i32) = 1', 0, 'len() cannot be applied'],
  ['len(t.text) = x', 14, 'x is not a whole number'],
  ['len(t.text) contains 1', 12, 'contains cannot be used'],
  ['t.text = val(t.i32)', 13, 't.text is text, t.i32 is a number'],
  ['t.text regex val(t.other)', 17, 'known before'],
  ['t.text glob val(t.other)', 16, 'known before'],
  ['t.net = val(t.net)', 0, 'no value of its own'],
  ['t.either = val(t.port)', 0, 'no value of its own'],
  ['t.text = val(t.nosuch)', 13, 'there is no field t.nosuch'],
]

test('every mistake has its place and its remedy', () => {
  const wrong: string[] = []
  for (const [text, position, problem, remedy = ''] of WRONG) {
    try {
      compile(parse(text), fields)
      wrong.push(`${text}: accepted`)
    } catch (error) {
      if (!(error instanceof FilterError)) throw error
      const { message, hint, suggestion } = error
      const help = `${hint} ${suggestion ?? ''}`
      if (error.position !== position || !message.includes(problem) || !help.includes(remedy)) {
        wrong.push(`${text}: at ${error.position} ${message} | ${help}`)
      }
      if (!message.includes('\n') || !message.includes('^')) wrong.push(`${text}: no place in ${message}`)
      if (hint === '') wrong.push(`${text}: no hint`)
    }
  }
  assert.is(wrong.join('\n'), '')
  assert.ok(WRONG.length >= 60)
})

test('the caret stands under the mistake', () => {
  const message = (text: string) => {
    try {
      compile(parse(text), fields)
    } catch (error) {
      return (error as Error).message
    }
    return ''
  }
  assert.is(message('t.i32 = 1 and t.i8 = abc'), 't.i8: abc is not a whole number\n  t.i32 = 1 and t.i8 = abc\n                       ^~~')
  assert.is(message('t.i32\n= x'), 't.i32: x is not a whole number\n  t.i32 = x\n          ^')
  const long = message(`${'t.i32 = 1 or '.repeat(50)}t.i8 = x${' or t.i32 = 1'.repeat(50)}`).split('\n')
  assert.is(long[1][long[2].indexOf('^')], 'x')
  assert.ok(long[1].length < 150)
})
