/** What a filter means before an event is read, and that nothing is lost by it. */
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { isCaptureError } from '../../../lib/errors.js'
import type { Event } from '../../../lib/event/event.js'
import { EVENT_COUNT, eventInfo } from '../../../lib/event/table.js'
import * as registry from '../../../lib/field/registry.js'
import { type Bound, bind } from '../../../lib/filter/bind.js'
import { compileBound } from '../../../lib/filter/compile.js'
import type { Conditions } from '../../../lib/filter/conditions.js'
import { explainFilter, explanationText } from '../../../lib/filter/explain.js'
import { compileFilter } from '../../../lib/filter/filter.js'
import { parse } from '../../../lib/filter/parse.js'
import { plan, planOf } from '../../../lib/filter/plan.js'
import { openFile } from '../../../lib/iface/file/open.js'
import { ROOT } from '../../helpers/run.js'
import { test } from '../../helpers/suite.js'

const planned = (filter: string) => plan(parse(filter), registry)

/** Names and directions of the types that a filter can be true for. */
function types(filter: string): string[] {
  const { types } = planned(filter)
  const names = new Set<string>()
  for (let code = 0; code < EVENT_COUNT; code++) if (types[code] === 1) names.add(`${(code & 1) === 0 ? '>' : '<'}${eventInfo(code)!.name}`)
  return [...names].sort()
}

const TYPES: readonly (readonly [string, readonly string[]])[] = [
  // Generic events stand for calls of any name.
  ['evt.type=open', ['<open', '<syscall', '>open', '>syscall']],
  ['evt.type=open and evt.dir=<', ['<open', '<syscall']],
  ['evt.type in (open, close) and not evt.dir=<', ['>close', '>open', '>syscall']],
  ['evt.type=open and evt.type=close', ['<syscall', '>syscall']],
  ['evt.type.is.open=1', ['<open', '>open']],
  ['evt.type.is.3=1', ['<open']],
  ['evt.is_wait=true and evt.dir=> and not evt.type=poll and evt.type.is.ppoll=1', ['>ppoll']],
  ['evt.dir=< and evt.dir=>', []],
  ['evt.type.is.open=1 or evt.type.is.poll=1 and proc.pid=3', ['<open', '<poll', '>open', '>poll']],
  ['evt.type.is.open=1 or evt.type.is.poll=1 and fd.num=3', ['<open', '>open']],
  ['evt.type.is.open=1 and evt.failed=true', ['<open']],
  ['evt.type.is.open=1 and evt.rawres<0', ['<open']],
  ['evt.type.is.open=1 and evt.res exists', ['<open']],
  ['evt.type.is.open=1 and not evt.res exists', ['<open', '>open']],
  ['evt.type.is.open=1 and evt.arg.name contains x', ['<open', '>open']],
  ['evt.type.is.read=1 and evt.arg.name contains x', []],
  ['evt.type.is.read=1 and evt.rawarg.data contains x', ['<read']],
  ['evt.type.is.read=1 and evt.io_dir=read and evt.is_io_write=false', ['<read', '>read']],
  ['evt.category=memory and evt.type.is.mmap=1', ['<mmap', '>mmap']],
  ['evt.category=memory and evt.type.is.read=1', ['<read', '>read']],
  ['evt.category=memory and evt.type.is.socket=1', []],
]

test('event types', () => {
  for (const [filter, expected] of TYPES) assert.equal(types(filter), [...expected], filter)
  assert.is(types('proc.pid=3').length, new Set(types('evt.num>0')).size)
  assert.is(types('fd.types intersects (file)').length, new Set(types('evt.num>0')).size)
  assert.ok(planned('evt.num=1').types.every(wanted => wanted === 1))
})

test('system calls by name and direction', () => {
  const calls = (filter: string) => {
    const { enter, exit } = planned(filter).syscalls
    return [[...enter].sort().join(), [...exit].sort().join()]
  }
  assert.equal(calls('evt.type=openat'), ['openat', 'openat'])
  assert.equal(calls('evt.type=getpid and evt.dir=<'), ['', 'getpid'])
  assert.equal(calls('syscall.type in (getpid, openat) and evt.dir=>'), ['getpid,openat', ''])
  assert.equal(calls('evt.type=getpid and evt.type=gettid'), ['', ''])
  assert.equal(calls('evt.type startswith open and not evt.type=openat2 and evt.dir=>').length, 2)
  assert.ok(planned('not evt.type=getpid').syscalls.enter.has('gettid'))
  assert.not.ok(planned('not evt.type=getpid').syscalls.enter.has('getpid'))
  assert.ok(planned('proc.name=cat').syscalls.enter.size > 300)
})

/** Sets as sorted lists. */
function plain(conditions: Conditions): Record<string, unknown[]> {
  return Object.fromEntries(Object.entries(conditions).map(([key, set]) => [key, [...(set as Set<unknown>)].sort()]))
}

const CONDITIONS: readonly (readonly [string, Record<string, unknown[]>])[] = [
  ['proc.pid=5', { pids: [5] }],
  ['proc.pid in (5, 6)', { pids: [5, 6] }],
  ['proc.pid=5 or proc.pid=6', { pids: [5, 6] }],
  ['proc.pid in (5, 6) and proc.pid in (6, 7)', { pids: [6] }],
  ['proc.pid=5 or fd.num=3', {}],
  ['proc.pid!=5', {}],
  ['not proc.pid=5', {}],
  ['not proc.pid!=5', {}],
  ['not (not proc.pid=5)', { pids: [5] }],
  ['proc.pid>5', {}],
  ['thread.tid=5 and proc.name=cat', { comms: ['cat'], tids: [5] }],
  ['(thread.tid=5 and proc.name=cat) or (thread.tid=6 and proc.name in (ls, cat))', { comms: ['cat', 'ls'], tids: [5, 6] }],
  ['(thread.tid=5 and proc.name=cat) or thread.tid=6', { tids: [5, 6] }],
  ['proc.name contains cat', {}],
  ['proc.pname=cat', {}],
  ['tolower(proc.name)=cat', {}],
  ['proc.name=val(proc.pname)', {}],
  ['evt.dir=<', { directions: ['exit'] }],
  ['not evt.dir=<', { directions: ['enter'] }],
  ['evt.dir=< or evt.dir=>', {}],
  ['evt.dir!=<', { directions: ['enter'] }],
  ['not (evt.dir=< or proc.pid=5)', { directions: ['enter'] }],
  ['evt.failed=true', { directions: ['exit'], failed: [true] }],
  ['evt.failed=false', { failed: [false] }],
  ['not evt.failed=false', { directions: ['exit'], failed: [true] }],
  ['evt.failed in (true, false)', {}],
  ['evt.rawres<0', { directions: ['exit'], failed: [true] }],
  ['evt.rawres<5', { directions: ['exit'] }],
  ['evt.rawres=-2 and proc.pid=5', { directions: ['exit'], failed: [true], pids: [5] }],
  ['evt.rawres>0', { directions: ['exit'], failed: [false] }],
  ['evt.res=ENOENT', { directions: ['exit'], failed: [true] }],
  ['evt.res!=SUCCESS', { directions: ['exit'] }],
  ['evt.failed=true or proc.pid=5', {}],
  // Of the type alone: what holds for the only ones that can match.
  ['evt.type.is.open=1 and proc.pid=5 or evt.type.is.read=1 and proc.pid=6', { pids: [5, 6] }],
  ['(evt.type.is.open=1 or proc.pid=5) and evt.type.is.read=1', { pids: [5] }],
  ['proc.pid=5 and proc.pid=6', { pids: [] }],
]

test('necessary conditions', () => {
  for (const [filter, expected] of CONDITIONS) assert.equal(plain(planned(filter).conditions), expected, filter)
})

test('what is needed of the state', () => {
  assert.equal([...planned('evt.type=open and evt.num>5').needs], [])
  assert.equal([...planned('proc.name=cat').needs], ['program'])
  assert.ok(planned('proc.cwd=/').needs.has('thread'))
  assert.ok(planned('evt.num=1 or fd.name contains x').needs.has('fd'))
  // A switch of threads is about no fd.
  const { types } = planned('fd.name contains x')
  assert.equal([types[152], types[7]], [0, 1])
})

test('a filter of the type alone is decided by it', () => {
  assert.ok(planned('evt.type.is.open=1 and evt.dir=<').byTypeAlone)
  assert.not.ok(planned('evt.num=1').byTypeAlone)
})

test('explanations', () => {
  const text = explanationText(explainFilter('evt.type=openat and evt.dir=< and proc.pid=5 and fd.name contains pass'))
  assert.match(text, /kernel +syscalls openat; directions exit; pids 5\n/)
  assert.match(text, /by type +openat\n/)
  assert.match(text, /javascript +proc\.pid = 5\n +fd\.name contains pass\n/)
  assert.match(text, /state .*fd/)
  const explained = explainFilter('evt.dir=< and evt.dir=>')
  assert.is(explained.possible, false)
  assert.match(explanationText(explained), /no event can match/)
  const plainest = { filter: 'evt.num = 1', kernel: {}, checks: ['evt.num = 1'], needs: [], possible: true }
  assert.equal(JSON.parse(JSON.stringify(explainFilter('evt.num=1'))), plainest)
  assert.match(explanationText(explainFilter('evt.type=getpid')), /system calls without an event of their own/)
  try {
    explainFilter('evt.typ=open')
    assert.unreachable()
  } catch (error) {
    assert.ok(isCaptureError(error) && error.hint.includes('evt.type'))
  }
})

/** The filter without anything known before: each check of each event. */
function slowly(bound: Bound, ev: Event): boolean {
  switch (bound.kind) {
    case 'check': return bound.test(ev)
    case 'not': return !slowly(bound.term, ev)
    case 'and': return bound.terms.every(term => slowly(term, ev))
    case 'or': return bound.terms.some(term => slowly(term, ev))
    default: return bound.kind === 'always'
  }
}

const CHECKS = [
  'evt.type=open', 'evt.type!=openat', 'evt.type in (read, write, close)', 'evt.type>mmap', 'syscall.type=switch',
  'syscall.type startswith s',
  'evt.dir=<', 'evt.dir!=<',
  'evt.type.is.close=1', 'evt.category=file', 'evt.category in (net, memory)', 'evt.is_io=true', 'evt.is_io_read=false',
  'evt.io_dir=read', 'evt.is_wait=true',
  'evt.failed=true', 'evt.failed!=true', 'evt.rawres<0', 'evt.rawres>=0', 'evt.res exists', 'evt.res!=SUCCESS',
  'evt.arg.name contains w', 'evt.rawarg.size>100', 'evt.arg.fd exists',
  'proc.name=work', 'proc.name in (httpd, init)', 'thread.tid>150', 'proc.pid=182', 'fd.num=3',
  'fd.name contains /tmp', 'evt.cpu=1', 'evt.num<2000',
]

test('nothing is lost: of any filter, what is true is foreseen', async () => {
  let state = 99
  const below = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) % limit
  }
  const make = (depth: number): string => {
    const kind = depth === 0 ? 3 : below(4)
    if (kind === 3) return CHECKS[below(CHECKS.length)]
    if (kind === 2) return `not (${make(depth - 1)})`
    return `(${Array.from({ length: 2 + below(3) }, () => make(depth - 1)).join(kind === 0 ? ' and ' : ' or ')})`
  }
  const filters = [...CHECKS, ...CHECKS.map(check => `not ${check}`), ...Array.from({ length: 300 }, () => make(3))].map(text => {
    const bound = bind(parse(text), registry)
    return { text, bound, fast: compileBound(bound), plan: planOf(bound), matches: 0 }
  })
  for (const file of ['vectors/full.scap', 'vectors/generic.scap', 'small.scap']) {
    for await (const burst of await openFile(join(ROOT, 'test/fixtures', file), { state: true })) {
      for (const ev of burst) {
        if (ev.num % 5 !== 0 && file === 'small.scap') continue
        for (const filter of filters) {
          const { text, bound, fast, plan: { types, syscalls, conditions } } = filter
          const expected = slowly(bound, ev)
          if (fast(ev) !== expected) assert.unreachable(`${text} of event ${ev.num} in ${file} should be ${expected}`)
          if (!expected) continue
          filter.matches++
          const isFailed = ev._error !== 0
          const problem = types[ev.type] !== 1 ? 'type'
            : ev.type < 2 && ev.name !== '<unknown>' && !syscalls[ev.dir].has(ev.name) ? 'call'
            : conditions.directions?.has(ev.dir) === false ? 'direction'
            : conditions.failed?.has(isFailed) === false ? 'failure'
            : conditions.tids?.has(ev.tid) === false ? 'tid'
            : conditions.pids?.has(ev._thread?.pid ?? -1) === false ? 'pid'
            : conditions.comms?.has(ev._thread?.comm ?? '') === false ? 'comm' : undefined
          if (problem !== undefined) assert.unreachable(`${text} of event ${ev.num} in ${file}: ${problem} ${ev.name}`)
        }
      }
    }
  }
  assert.ok(filters.filter(({ matches }) => matches > 0).length > 200)
}, { timeoutMs: 60_000 })

test('a large filter is compiled and planned in reasonable time', () => {
  const started = performance.now()
  const test = compileFilter(Array.from({ length: 3000 }, (_, i) => `proc.pid=${i}`).join(' or '))
  assert.is(test.plan.conditions.pids?.size, 3000)
  compileFilter(Array.from({ length: 3000 }, (_, i) => (i % 2 === 0 ? 'evt.type=open' : 'evt.dir=<')).join(' or '))
  compileFilter(Array.from({ length: 400 }, (_, i) => `(evt.type=open and evt.num=${i})`).join(' or '))
  assert.ok(performance.now() - started < 8000, `${performance.now() - started}`)
})
