/** Reading and printing: what is printed is read again as the same. */
import * as assert from 'uvu/assert'
import { isCaptureError } from '../../../lib/errors.js'
import type { Expression, Literal, Term } from '../../../lib/filter/ast.js'
import { FilterError } from '../../../lib/filter/error.js'
import { bytesOfText, hasBytes, plainText, textOfBytes } from '../../../lib/filter/literal.js'
import { LIST_OPERATORS, OPERATORS } from '../../../lib/filter/operators.js'
import { MAX_DEPTH, MAX_LENGTH, parse } from '../../../lib/filter/parse.js'
import { print } from '../../../lib/filter/print.js'
import { TRANSFORMERS } from '../../../lib/filter/transform.js'
import { test } from '../../helpers/suite.js'

const PLACES = new Set(['start', 'end', 'operatorAt'])

/** Without the places. */
function bare(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, part: unknown) => (PLACES.has(key) ? undefined : part)))
}

const CANONICAL: readonly (readonly [string, string])[] = [
  ['evt.type=open', 'evt.type = open'],
  ['evt.type==open', 'evt.type = open'],
  ['  evt.type\t!=\nopen  ', 'evt.type != open'],
  ['evt.dir=<', 'evt.dir = <'],
  ['evt.dir=>', 'evt.dir = >'],
  ['evt.dir!=<', 'evt.dir != <'],
  ['evt.dir>=<', 'evt.dir >= <'],
  ['evt.num<=0x10', 'evt.num <= 0x10'],
  ['evt.type in(a,b , "c d")', 'evt.type in (a, b, "c d")'],
  ["fd.name=''", 'fd.name = ""'],
  [`fd.name='a"b'`, String.raw`fd.name = "a\"b"`],
  [`fd.name="it's"`, `fd.name = "it's"`],
  [String.raw`fd.name='it\'s'`, `fd.name = "it's"`],
  [String.raw`fd.name="a\tb\\c\/d\x41"`, String.raw`fd.name = "a\x09b\\c/dA"`],
  [String.raw`fd.name=a\b`, String.raw`fd.name = "a\\b"`],
  [String.raw`fd.name=\x41\x42`, 'fd.name = AB'],
  [String.raw`fd.name=\x4`, String.raw`fd.name = "\\x4"`],
  [String.raw`fd.name="\xff\xc3\xa9"`, String.raw`fd.name = "\xffé"`],
  ['fd.name=a=b', 'fd.name = "a=b"'],
  ['fd.name=a,b', 'fd.name = "a,b"'],
  [`fd.name=a"b`, String.raw`fd.name = "a\"b"`],
  ['proc.name contains"ca"', 'proc.name contains ca'],
  ['fd.name exists', 'fd.name exists'],
  ['(fd.name exists)', 'fd.name exists'],
  ['a.b=1 and c.d=2 and e.f=3', 'a.b = 1 and c.d = 2 and e.f = 3'],
  ['a.b=1 or c.d=2 and e.f=3', 'a.b = 1 or (c.d = 2 and e.f = 3)'],
  ['(a.b=1 or c.d=2)and(e.f=3)', '(a.b = 1 or c.d = 2) and e.f = 3'],
  ['(a.b=1 and c.d=2) and e.f=3', '(a.b = 1 and c.d = 2) and e.f = 3'],
  ['not a.b=1', 'not a.b = 1'],
  ['not not a.b=1', 'a.b = 1'],
  ['not(a.b=1 or not c.d=2)', 'not (a.b = 1 or not c.d = 2)'],
  ['not (not a.b=1)', 'not (not a.b = 1)'],
  ['evt.arg[0]=1', 'evt.arg[0] = 1'],
  ['evt.arg.name=1', 'evt.arg.name = 1'],
  ['proc.env["A B"]=1', 'proc.env["A B"] = 1'],
  ["proc.env['A']=1", 'proc.env[A] = 1'],
  ['container.mount[/usr/lib] exists', 'container.mount[/usr/lib] exists'],
  ['evt.type.is.3=1', 'evt.type.is.3 = 1'],
  ['tolower( proc.name )=a', 'tolower(proc.name) = a'],
  ['toupper(tolower(proc.name)) in (A)', 'toupper(tolower(proc.name)) in (A)'],
  ['proc.name=val( proc.pname )', 'proc.name = val(proc.pname)'],
  ['proc.name in val(proc.aname[1])', 'proc.name in val(proc.aname[1])'],
  ['proc.name=basename(proc.exe)', 'proc.name = basename(proc.exe)'],
  ['proc.name=val', 'proc.name = val'],
  ['proc.name=len and proc.name=tolower', 'proc.name = len and proc.name = tolower'],
  ['fd.name glob *.{c,h}', 'fd.name glob "*.{c,h}"'],
  ['fd.name=and and fd.name=or or fd.name=not', '(fd.name = and and fd.name = or) or fd.name = not'],
]

test('canonical form', () => {
  for (const [text, printed] of CANONICAL) {
    const { root } = parse(text)
    assert.is(print(root), printed)
    assert.equal(bare(parse(printed).root), bare(root), text)
  }
})

test('places in the text', () => {
  const text = 'a.b = 1 and tolower(c.d) in (x, "y z")'
  const { root } = parse(text)
  assert.is(root.kind, 'and')
  if (root.kind !== 'and') return
  const [, check] = root.terms
  if (check.kind !== 'check') return assert.unreachable()
  const at = ({ start, end }: { start: number; end: number }) => text.slice(start, end)
  assert.is(at(root), text)
  assert.is(at(check.left), 'tolower(c.d)')
  assert.is(at(check.operatorAt), 'in')
  assert.equal(check.operands.map(at), ['x', '"y z"'])
})

/** xorshift: the same filters each time. */
class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(limit: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % limit
  }

  one<T>(items: readonly T[]): T {
    return items[this.below(items.length)]
  }
}

const AT = { start: 0, end: 0 }
const TEXTS = [
  'open', '', 'a b', '/etc/passwd', '<', '>', '=', '"', "'", '\\', '(x)', 'a,b', '\n', '\x00\x7f', 'é😀', '\udcff\udc80x', '*', 'val',
  'and', '0x1', '-5', '10.0.0.0/8', '[', ']',
]
const ARGUMENTS = ['0', 'x y', '/a/b', '"', "'", ']', 'é', '\\', '\n', '']

function term(random: Random, depth: number): Term {
  if (depth > 0 && random.below(4) === 0) {
    return { kind: 'transform', name: random.one([...TRANSFORMERS.keys()]), of: term(random, depth - 1), ...AT }
  }
  const name = random.one(['evt.type', 'fd.name', 'evt.arg.name', 'proc.aname', 'x.y-z', 'a_b.c9'])
  return random.below(4) === 0 ? { kind: 'field', name, arg: random.one(ARGUMENTS), ...AT } : { kind: 'field', name, ...AT }
}

function expression(random: Random, depth: number): Expression {
  const kind = depth === 0 ? 3 : random.below(5)
  const inner = () => expression(random, depth - 1)
  if (kind < 2) return { kind: kind === 0 ? 'and' : 'or', terms: Array.from({ length: 2 + random.below(3) }, inner), ...AT }
  if (kind === 2) return { kind: 'not', term: inner(), ...AT }
  const operator = random.one(OPERATORS)
  const literal = (): Literal => ({ text: random.one(TEXTS) + random.one(TEXTS), ...AT })
  const check = { kind: 'check', left: term(random, 2), operator, operatorAt: AT, ...AT } as const
  if (operator === 'exists') return { ...check, operands: [] }
  if (random.below(5) === 0) return { ...check, operands: [], right: term(random, 2) }
  return { ...check, operands: Array.from({ length: LIST_OPERATORS.has(operator) ? 1 + random.below(3) : 1 }, literal) }
}

test('whatever is printed is read again as the same', () => {
  const random = new Random(20_231)
  for (let i = 0; i < 3000; i++) {
    const made = expression(random, 3)
    const text = print(made)
    assert.equal(bare(parse(text).root), bare(made), text)
    assert.is(print(parse(text).root), text)
  }
})

test('damaged filters are read or refused, with a place inside of them', () => {
  const random = new Random(7)
  const bits = [
    '(', ')', '"', "'", '\\', '\\x', '=', '<', ' ', ',', 'and', 'or', 'not', 'in', 'exists', 'val(', '[', ']', '.', 'a.b', '\0', '😀',
    '\ud800', 'regex',
  ]
  let refused = 0
  for (let i = 0; i < 20_000; i++) {
    let text = i % 2 === 0 ? print(expression(random, 2)) : ''
    for (let changes = 1 + random.below(5); changes > 0; changes--) {
      const at = random.below(text.length + 1)
      text = text.slice(0, at) + random.one(bits) + text.slice(at + random.below(3))
    }
    try {
      const { root } = parse(text)
      assert.is(print(parse(print(root)).root), print(root), text)
    } catch (error) {
      assert.instance(error, FilterError, text)
      assert.ok(isCaptureError(error))
      const { position, message, hint, code } = error as FilterError
      assert.is(code, 'ERR_CAPTURE_FILTER')
      assert.ok(position >= 0 && position <= text.length, `${position} in ${text}`)
      assert.match(message, /\^/)
      assert.ok(hint.length > 0)
      refused++
    }
  }
  assert.ok(refused > 5000, `${refused}`)
})

test('limits', () => {
  const nested = (depth: number) => `${'('.repeat(depth)}a.b=1${')'.repeat(depth)}`
  parse(nested(MAX_DEPTH))
  assert.throws(() => parse(nested(MAX_DEPTH + 1)), /nested more than 100 deep/)
  assert.throws(() => parse('('.repeat(60_000)), /nested more than 100 deep/)
  assert.throws(() => parse(`${'len('.repeat(101)}a.b${')'.repeat(101)}=1`), /nested/)
  assert.throws(() => parse(`a.b=${'x'.repeat(MAX_LENGTH)}`), /at most 65536/)
  parse(`a.b=${'x'.repeat(MAX_LENGTH - 4)}`)
})

test('time is linear in the length', () => {
  const started = performance.now()
  for (const text of [
    `${'not '.repeat(16_000)}a.b=1`, `a.b in (${'x,'.repeat(30_000)}x)`, `${'a.b=1 or '.repeat(7000)}a.b=1`,
    `a.b="${'\\\\'.repeat(32_000)}"`, `a.b="${'\\x41'.repeat(16_000)}"`, `a.b=${'\\x4'.repeat(20_000)}`,
  ]) print(parse(text).root)
  for (const text of [
    ' '.repeat(65_000), 'a'.repeat(65_000), `a.b="${'x'.repeat(65_000)}`, 'a.'.repeat(32_000), 'a.b=1 '.repeat(10_000), '='.repeat(65_000),
  ]) assert.throws(() => parse(text))
  assert.ok(performance.now() - started < 5000, `${performance.now() - started}`)
})

test('bytes that are no text', () => {
  const all = Array.from({ length: 256 }, (_, byte) => byte)
  assert.equal([...bytesOfText(textOfBytes(all))], all)
  const mixed = [0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0x80, 0xc0, 0x80]
  assert.equal([...bytesOfText(textOfBytes(mixed))], mixed)
  assert.is(textOfBytes([0xc3, 0xa9]), 'é')
  assert.is(plainText(textOfBytes([0x61, 0xff])), 'a\ufffd')
  assert.not.ok(hasBytes('😀'))
})
