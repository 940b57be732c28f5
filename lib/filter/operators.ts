import type { Operator, ValueType } from '../field/field.js'

/** All operators, those that are beginnings of others after them. */
export const OPERATORS: readonly Operator[] = [
  '=', '!=', '<=', '<', '>=', '>', 'exists', 'contains', 'icontains', 'bcontains', 'startswith', 'bstartswith', 'endswith',
  'glob', 'iglob', 'regex', 'in', 'intersects', 'pmatch',
]

/** These take a list in brackets. */
export const LIST_OPERATORS: ReadonlySet<Operator> = new Set<Operator>(['in', 'intersects', 'pmatch'])

/** Other names for an operator, in other languages, and what they are here. */
export const ALIASES: Readonly<Record<string, Operator>> = {
  like: 'glob', matches: 'regex', match: 'regex', '~': 'regex', '=~': 'regex', has: 'contains', includes: 'contains', prefix: 'startswith',
  suffix: 'endswith', is: '=', eq: '=', ne: '!=', lt: '<', le: '<=', gt: '>', ge: '>=', '<>': '!=', '!==': '!=', '!': '!=',
}

const NUMERIC: readonly Operator[] = ['=', '!=', '<', '<=', '>', '>=', 'in', 'intersects', 'exists']
const TEXT: readonly Operator[] = [
  ...NUMERIC, 'contains', 'icontains', 'startswith', 'endswith', 'glob', 'iglob', 'regex', 'pmatch',
]
const BYTES: readonly Operator[] = [
  '=', '!=', 'contains', 'startswith', 'endswith', 'bcontains', 'bstartswith', 'in', 'intersects', 'exists',
]
const ADDRESS: readonly Operator[] = ['=', '!=', 'in', 'intersects', 'exists']

/** The operators that can be used on a list of values. */
export const ON_LISTS: readonly Operator[] = ['in', 'intersects', 'exists']

/** The operators that can be used on a type. */
export function operatorsOf(type: ValueType): readonly Operator[] {
  switch (type) {
    case 'CHARBUF': return TEXT
    case 'BYTEBUF': return BYTES
    case 'IPADDR': case 'IPNET': return ADDRESS
    case 'DYN': return ['exists']
    default: return NUMERIC
  }
}

/** A type, for people. */
export function typeText(type: ValueType): string {
  switch (type) {
    case 'CHARBUF': return 'text'
    case 'BYTEBUF': return 'bytes'
    case 'IPADDR': return 'an IP address'
    case 'IPNET': return 'an IP network'
    case 'BOOL': return 'true or false'
    case 'PORT': return 'a port'
    case 'DYN': return 'of no type that can be compared'
    default: return 'a number'
  }
}
