import type { Event } from '../../../lib/event/event.js'
import type { Extractor, Field, Value, ValueType } from '../../../lib/field/field.js'
import { compile } from '../../../lib/filter/compile.js'
import { parse } from '../../../lib/filter/parse.js'
import type { Fields } from '../../../lib/filter/resolve.js'

/** Fields whose values the test says: of every type one, so that nothing but the comparison is tested. */
export type Values = Readonly<Record<string, Value | readonly Value[]>>

let current: Values = {}

const field = (name: string, type: ValueType, more: Partial<Field> = {}): Field => ({
  name, type, doc: `For tests: ${type}`,
  bind: arg => ({
    get: () => {
      const value = current[arg === undefined ? name : `${name}[${arg}]`]
      return Array.isArray(value) ? value.join() : (value as Value | undefined)
    },
    all: () => current[name] as readonly Value[] | undefined,
  }),
  ...more,
})

const FIELDS: readonly Field[] = [
  field('t.text', 'CHARBUF'), field('t.other', 'CHARBUF'), field('t.bytes', 'BYTEBUF'), field('t.bool', 'BOOL'),
  field('t.i8', 'INT8'), field('t.i16', 'INT16'), field('t.i32', 'INT32'), field('t.i64', 'INT64'),
  field('t.u8', 'UINT8'), field('t.u16', 'UINT16'), field('t.u32', 'UINT32'), field('t.u64', 'UINT64'),
  field('t.double', 'DOUBLE'), field('t.time', 'RELTIME'), field('t.port', 'PORT'), field('t.ip', 'IPADDR'), field('t.net', 'IPNET'),
  field('t.list', 'CHARBUF', { list: true }), field('t.numbers', 'UINT64', { list: true }),
  field('t.arg', 'CHARBUF', { arg: 'required' }), field('t.maybe', 'CHARBUF', { arg: 'optional' }), field('t.maybe.not', 'CHARBUF'),
  field('t.dyn', 'DYN', {
    arg: 'required',
    bind: (arg): Extractor => ({ get: () => current[`t.dyn[${arg}]`] as Value, type: arg === 'n' ? 'INT64' : 'CHARBUF' }),
  }),
  field('t.index', 'CHARBUF', {
    arg: 'required',
    bind: (arg): Extractor => {
      if (!/^\d+$/.test(arg ?? '')) throw new RangeError(`${arg} is not a number`)
      return { get: () => current[`t.index[${arg}]`] as Value }
    },
  }),
  field('t.either', 'PORT', {
    filterOnly: true,
    bind: (): Extractor => ({
      get: () => undefined,
      compare: (operator, [port]) =>
        operator === '=' ? () => (current['t.either'] as readonly number[]).includes(Number(port)) : undefined,
    }),
  }),
]

const byName = new Map(FIELDS.map(each => [each.name, each]))

export const fields: Fields = { findField: name => byName.get(name), fieldNames: () => [...byName.keys()] }

/** What the filter says of an event with these values. */
export function holds(filter: string, values: Values): boolean {
  const test = compile(parse(filter), fields)
  current = values
  return test({ type: 2 } as Event)
}
