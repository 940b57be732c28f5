/** glob and regex: against fnmatch's and RE2's rules, and in bounded time. */
import * as assert from 'uvu/assert'
import { glob } from '../../../lib/filter/glob.js'
import { regex } from '../../../lib/filter/regex.js'
import { test } from '../../helpers/suite.js'

const GLOBS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['*', ['', 'a', '/a/.b'], []],
  ['abc', ['abc'], ['ab', 'abcd', 'ABC']],
  ['a*', ['a', 'abc', 'a/b'], ['b', 'ba']],
  ['*a', ['a', 'ba'], ['ab']],
  ['*a*', ['a', 'xax'], ['b', '']],
  ['a*b*c', ['abc', 'axbxc', 'abcbc'], ['acb', 'ab']],
  ['*.c', ['a.c', '.c', 'a.b.c'], ['a.cc']],
  ['?', ['a', 'é', '😀'], ['', 'ab']],
  ['a?c', ['abc', 'a/c'], ['ac']],
  ['[abc]', ['a', 'c'], ['d', '']],
  ['[a-c]x', ['bx'], ['dx']],
  ['[!a-c]', ['d'], ['b', '']],
  ['[^a]', ['b'], ['a']],
  ['[]a]', [']', 'a'], ['b']],
  ['[!]a]', ['b'], [']', 'a']],
  ['[a-]', ['a', '-'], ['b']],
  ['[[:digit:]]*', ['1x'], ['x1']],
  ['[[:alpha:]_]', ['a', '_'], ['1']],
  ['[\\]]', [']'], ['\\']],
  ['[', ['['], ['a']],
  ['[ab', ['[ab'], ['a']],
  ['\\*', ['*'], ['a']],
  ['\\a', ['a'], ['\\a']],
  ['a\\', [], ['a', 'a\\']],
  ['*[0-9]?', ['a12', '12'], ['1', 'a1']],
  ['**a**', ['a', 'bab'], ['b']],
]

test('glob is fnmatch', () => {
  for (const [pattern, yes, no] of GLOBS) {
    for (const text of yes) assert.ok(glob(pattern)(text), `${pattern} should match ${text}`)
    for (const text of no) assert.not.ok(glob(pattern)(text), `${pattern} should not match ${text}`)
  }
})

const REGEXES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['', [''], ['a']],
  ['abc', ['abc'], ['ab', 'xabc', 'abcd']],
  ['a.c', ['abc', 'a😀c'], ['ac', 'a\nc']],
  ['a*', ['', 'a', 'aaa'], ['b', 'ab']],
  ['a+b?', ['a', 'aab'], ['', 'b', 'abb']],
  ['(ab|c)*', ['', 'abc', 'cab'], ['a', 'abb']],
  ['a|bc|', ['a', 'bc', ''], ['b', 'abc']],
  ['a{2}', ['aa'], ['a', 'aaa']],
  ['a{1,3}', ['a', 'aaa'], ['', 'aaaa']],
  ['a{2,}', ['aa', 'aaaa'], ['a']],
  ['a{0}b', ['b'], ['ab']],
  ['a{x}', ['a{x}'], ['a']],
  ['[a-c]+', ['abc'], ['abd']],
  ['[^a-c]', ['d', '\n'], ['a']],
  ['[]a]', [']', 'a'], ['b']],
  ['[a\\]]', [']'], ['\\']],
  ['[[:alpha:]][[:^digit:]]', ['ab'], ['a1', '1a']],
  ['\\d+\\.\\w*', ['1.', '12.a_1'], ['a.', '1']],
  ['[\\d-]+', ['1-2'], ['a']],
  ['^a$', ['a'], ['b']],
  ['a^b', [], ['ab', 'a^b']],
  ['(?:^a)|b$', ['a', 'b'], ['ab']],
  ['\\Aa\\z', ['a'], []],
  ['(?i)abc', ['ABC', 'aBc'], ['abd']],
  ['a(?i:b)c', ['aBc'], ['ABc', 'aBC']],
  ['(?i)[^a]', ['b'], []],
  ['(?P<x>a)(?s).', ['a\n'], ['a']],
  ['\\x41\\x{1F600}', ['A😀'], ['A']],
  ['\\/\\.\\*', ['/.*'], ['//*']],
  ['a*?b+?', ['b', 'aabb'], ['a']],
  ['(a*)*', ['', 'aaa'], ['b']],
  ['/usr/(s)?bin/.*', ['/usr/bin/x', '/usr/sbin/'], ['/usr/xbin/']],
]

test('regex matches whole texts', () => {
  for (const [pattern, yes, no] of REGEXES) {
    for (const text of yes) assert.ok(regex(pattern)(text), `${pattern} should match ${text}`)
    for (const text of no) assert.not.ok(regex(pattern)(text), `${pattern} should not match ${text}`)
  }
})

test('regex says what it cannot do', () => {
  for (const [pattern, problem] of [
    ['(a', /not closed/], ['a)', /too many/], ['[a', /not closed/], ['*a', /nothing before \*/], ['a**', /repeats a repetition/],
    ['(a)\\1', /refers back/], ['(?=a)', /look ahead/], ['(?<!a)b', /look ahead/], ['\\b', /escape \\b/], ['\\pL', /escape \\p/],
    ['a{2,1}', /count/], ['a{1001}', /count/], ['((a{100}){100}){100}', /too large/], ['[z-a]', /ends before/], ['\\', /backslash/],
    ['[[:nope:]]', /unknown class/], ['\\xg', /without digits/], ['('.repeat(200), /deep/], ['(?m)a', /flags/],
  ] as const) assert.throws(() => regex(pattern), problem, pattern)
})

test('no pattern takes longer than the product of the lengths', () => {
  const text = `${'a'.repeat(20_000)}b`
  const started = performance.now()
  for (const pattern of ['(a+)+', '(a|a)*', '(a*)*c', '(.*)(.*)(.*)(.*)[c]', '(a|aa)+$', '(a?){50}a{50}']) {
    assert.is(regex(pattern)(text), false, pattern)
  }
  for (const pattern of ['*a*a*a*a*a*c', `${'*a'.repeat(50)}*c`, '*?*?*?*?*c']) assert.is(glob(pattern)(text), false, pattern)
  assert.ok(performance.now() - started < 10_000)
})

test('characters that are not remembered, and more states than are kept', () => {
  assert.ok(regex('(é|ü|😀)+')('éü😀é'))
  const many = regex('(a|b)*a(a|b){12}')
  let text = ''
  for (let i = 0; i < 20_000; i++) text += (i * 2654435761) % 7 < 3 ? 'a' : 'b'
  assert.is(many(`${text}abbbbbbbbbbbb`), true)
  assert.is(many(`${text}bbbbbbbbbbbbb`), false)
})
