import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { Event, LiveOptions } from '../../lib/index.js'
import { LiveCapture } from '../../lib/iface/live.js'
import { openBpfProbe } from '../../lib/probe/bpf.js'
import { type Decision, nativeNeeds, withoutDecision } from '../../lib/probe/decision.js'
import { checkLiveOptions } from '../../lib/probe/options.js'
import { compile, type Program, start } from '../helpers/program.js'
import { suite } from '../helpers/suite.js'

const test = suite('decisions in the kernel', { needs: ['root', 'bpf', 'btf', 'cc', 'bpftool'], timeoutMs: 40_000 })

let named = ''
test.before(() => { named = compile('named') })

const ROUNDS = 25
const CALLS = new Set(['getppid', 'openat', 'close'])
const NONE: ReadonlySet<string> = new Set()
/** The three calls in both directions, nothing else. */
const CALLS_ONLY: Decision = { enter: CALLS, exit: CALLS, stateEnter: NONE, stateExit: NONE }
const STATS = '/proc/sys/kernel/bpf_stats_enabled'

type Who = 'one' | 'one/other' | 'two' | 'two/other'
type Counts = Partial<Record<Who, Record<string, number>>>

interface Outcome {
  /** By program and thread, then by "getppid >": how many arrived. */
  counts: Counts
  stats: ReturnType<LiveCapture['stats']>
  /** How often the kernel ran our programs, by their names. */
  runs: Record<string, number>
  programs: Program[]
}

/** What arrives of two programs, called "one" and "two", that each have another thread, called "other". */
async function decide(decision: (programs: Program[]) => Decision, options: LiveOptions = {}): Promise<Outcome> {
  const programs = [await start(named, ['one', ROUNDS]), await start(named, ['two', ROUNDS])]
  const checked = checkLiveOptions({ tracepoints: [], ...options }, decision(programs))
  const before = readFileSync(STATS, 'utf8')
  writeFileSync(STATS, '1')
  let runs: Outcome['runs'] = {}
  const events: Event[] = []
  try {
    const probe = openBpfProbe(checked)
    const capture = new LiveCapture('sysdig:bpf', probe, checked, { maxDurationMs: 20_000 })
    probe.start()
    for (const program of programs) program.go()
    const over = Promise.all(programs.map(({ output }) => output)).finally(() => {
      probe.handle.stop()
      runs = readRuns()
      capture.stop()
    })
    for await (const burst of capture) for (const ev of burst) events.push(ev.retain())
    const who = new Map<number, Who>()
    for (const [i, output] of (await over).entries()) {
      const name = (['one', 'two'] as const)[i]
      who.set(programs[i].pid, name).set(Number(/tid (\d+)/.exec(output)![1]), `${name}/other`)
    }
    const counts: Counts = {}
    for (const { tid, name, dir } of events) {
      const thread = who.get(tid)
      if (thread === undefined) continue
      const of = (counts[thread] ??= {})
      const key = `${name} ${dir === 'enter' ? '>' : '<'}`
      of[key] = (of[key] ?? 0) + 1
    }
    const stats = capture.stats()
    assert.is(stats.dropped.total, 0)
    assert.is(stats.seen, stats.delivered + stats.filtered + stats.pending)
    // The kernel counts itself how often it ran a program: each run is a hit.
    assert.is(stats.seen, Object.values(runs).reduce((sum, count) => sum + count, 0), 'hits')
    return { counts, stats, runs, programs }
  } finally {
    writeFileSync(STATS, before)
  }
}

function readRuns(): Record<string, number> {
  const programs = JSON.parse(execFileSync('bpftool', ['prog', 'show', '-j'], { encoding: 'utf8' })) as { id: number; name?: string }[]
  const names = new Map(programs.map(({ id, name }) => [id, name ?? '']))
  const runs: Record<string, number> = {}
  for (const fd of readdirSync('/proc/self/fdinfo')) {
    const [, id, count] = /^prog_id:\s+(\d+)$[^]*^run_cnt:\s+(\d+)$/m.exec(infoOf(fd)) ?? []
    const name = names.get(Number(id))
    // The stages of sys_exit are reached from there, and not counted.
    if (name !== undefined && !name.startsWith('exit_')) runs[name] = Number(count)
  }
  return runs
}

function infoOf(fd: string): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
  } catch {
    return ''
  }
}

/** What each thread makes, as events of these directions. */
function made(...directions: string[]): Record<string, number> {
  const times = { getppid: 1, openat: 2, close: 2 }
  return Object.fromEntries(directions.flatMap(to => Object.entries(times).map(([name, each]) => [`${name} ${to}`, each * ROUNDS])))
}

/** Is `expected` contained in `counts`? Starting a thread and ending opens and closes files too: the main threads make more. */
function atLeast(counts: Record<string, number> | undefined, expected: Record<string, number>): void {
  assert.equal(Object.keys(counts ?? {}).sort(), Object.keys(expected).sort())
  for (const [key, count] of Object.entries(expected)) {
    if (key.startsWith('getppid')) assert.is(counts![key], count, key)
    else assert.ok(counts![key] >= count && counts![key] <= count + 4, `${key}: ${counts![key]} for ${count}`)
  }
}

const threads = (counts: Counts) => Object.keys(counts).sort()

test('without a predicate all that is wanted arrives, and nothing else', async () => {
  const { counts, runs } = await decide(() => CALLS_ONLY)
  assert.equal(threads(counts), ['one', 'one/other', 'two', 'two/other'])
  for (const thread of ['one/other', 'two/other'] as const) assert.equal(sorted(counts[thread]), sorted(made('>', '<')))
  for (const thread of ['one', 'two'] as const) atLeast(counts[thread], made('>', '<'))
  assert.equal(Object.keys(runs).sort(), ['sys_enter', 'sys_exit'])
})

test('each direction has its own mask; a hook without any need is not attached', async () => {
  const exits = await decide(() => ({ ...CALLS_ONLY, enter: NONE }))
  assert.equal(sorted(exits.counts['one/other']), sorted(made('<')))
  assert.equal(Object.keys(exits.runs), ['sys_exit'])
  const enters = await decide(() => ({ ...CALLS_ONLY, exit: NONE }))
  assert.equal(sorted(enters.counts['one/other']), sorted(made('>')))
  assert.equal(Object.keys(enters.runs), ['sys_enter'])
  const mixed = await decide(() => ({ ...CALLS_ONLY, enter: new Set(['openat']), exit: new Set(['getppid']) }))
  assert.equal(sorted(mixed.counts['one/other']), { 'getppid <': ROUNDS, 'openat >': 2 * ROUNDS })
  const nothing = await decide(() => ({ ...CALLS_ONLY, enter: NONE, exit: NONE }))
  assert.equal([nothing.counts, nothing.runs, nothing.stats.seen], [{}, {}, 0])
})

test('comms: the name that the thread has at that moment, exactly', async () => {
  const of = async (...comms: string[]) => (await decide(() => ({ ...CALLS_ONLY, comms: new Set(comms) }))).counts
  const one = await of('one')
  assert.equal(threads(one), ['one'])
  atLeast(one.one, made('>', '<'))
  const other = await of('other', 'no such name')
  assert.equal(threads(other), ['one/other', 'two/other'])
  assert.equal(sorted(other['two/other']), sorted(made('>', '<')))
  assert.equal(threads(await of('on', 'onee', 'One', 'one ')), [])
  const many = await of(...Array.from({ length: 200 }, (_, i) => `name ${i}`), 'two')
  assert.equal(sorted(many.two)['getppid >'], ROUNDS)
  assert.is(many.one, undefined)
})

test('pids and tids', async () => {
  const pid = await decide(([one]) => ({ ...CALLS_ONLY, pids: new Set([one.pid]) }))
  assert.equal(threads(pid.counts), ['one', 'one/other'])
  assert.equal(sorted(pid.counts['one/other']), sorted(made('>', '<')))
  const tid = await decide(([, two]) => ({ ...CALLS_ONLY, tids: new Set([two.pid]) }))
  assert.equal(threads(tid.counts), ['two'])
  atLeast(tid.counts.two, made('>', '<'))
  const many = await decide(([one]) => ({ ...CALLS_ONLY, pids: new Set([one.pid, ...Array.from({ length: 10_000 }, (_, i) => 1e6 + i)]) }))
  assert.equal(threads(many.counts), ['one', 'one/other'])
  const none = await decide(() => ({ ...CALLS_ONLY, pids: new Set() }))
  assert.equal(none.counts, {})
  assert.ok(none.stats.filtered > 0)
})

test('failed only: exit events below zero, and no enter events at all', async () => {
  const { counts, runs } = await decide(() => ({ ...CALLS_ONLY, failedOnly: true }))
  for (const thread of ['one/other', 'two/other'] as const) assert.equal(sorted(counts[thread]), { 'close <': ROUNDS, 'openat <': ROUNDS })
  assert.equal(Object.keys(runs), ['sys_exit'])
})

test('all that is asked for has to hold', async () => {
  const { counts } = await decide(([one]) => ({ ...CALLS_ONLY, pids: new Set([one.pid]), comms: new Set(['other']), failedOnly: true }))
  assert.equal(counts, { 'one/other': { 'openat <': ROUNDS, 'close <': ROUNDS } })
  const disjoint = await decide(([one]) => ({ ...CALLS_ONLY, pids: new Set([one.pid]), comms: new Set(['two']) }))
  assert.equal(disjoint.counts, {})
})

test('what the state needs arrives whatever the predicate says', async () => {
  const getppid = new Set(['getppid'])
  const needed = { stateEnter: new Set(['close']), stateExit: new Set(['openat', 'close']) }
  const decision: Decision = { enter: getppid, exit: getppid, ...needed, comms: new Set(['two']) }
  const { counts, runs } = await decide(() => decision)
  const state = { 'openat <': 2 * ROUNDS, 'close >': 2 * ROUNDS, 'close <': 2 * ROUNDS }
  assert.equal(sorted(counts['one/other']), sorted(state))
  assert.equal(sorted(counts['two/other']), sorted(state))
  atLeast(counts.one, state)
  atLeast(counts.two, { ...state, 'getppid >': ROUNDS, 'getppid <': ROUNDS })
  assert.equal(Object.keys(runs).sort(), ['sys_enter', 'sys_exit'])
  // A failed call is state too.
  const failed = await decide(() => ({ ...decision, comms: undefined, failedOnly: true }))
  assert.equal(sorted(failed.counts['one/other']), sorted(state))
})

test('tracepoints: wanted under the predicate, or needed by the state', async () => {
  const none: Decision = { enter: NONE, exit: NONE, stateEnter: NONE, stateExit: NONE }
  const exits = ({ counts }: Outcome) => Object.fromEntries(Object.entries(counts).map(([thread, of]) => [thread, of['procexit >']]))
  const all = { 'one': 1, 'one/other': 1, 'two': 1, 'two/other': 1 }
  assert.equal(exits(await decide(() => none, { tracepoints: ['procexit'] })), all)
  const wanted = { ...none, comms: new Set(['one']) }
  assert.equal(exits(await decide(() => wanted, { tracepoints: ['procexit'] })), { one: 1 })
  assert.equal(exits(await decide(() => ({ ...wanted, tracepoints: NONE as ReadonlySet<never> }), { tracepoints: ['procexit'] })), {})
  const state = await decide(() => ({ ...wanted, stateTracepoints: new Set(['procexit'] as const) }))
  assert.equal(sorted(exits(state)), sorted(all))
  const failed = await decide(() => ({ ...none, failedOnly: true }), { tracepoints: ['procexit'] })
  assert.equal([failed.counts, failed.runs], [{}, {}])
})

test('the options stay above the decision', async () => {
  const fewer = await decide(() => CALLS_ONLY, { syscalls: ['getppid', 'read'] })
  assert.equal(sorted(fewer.counts['one/other']), { 'getppid <': ROUNDS, 'getppid >': ROUNDS })
  const all = await decide(() => ({ ...CALLS_ONLY, enter: undefined, exit: undefined }), { syscalls: ['getppid'] })
  assert.equal(sorted(all.counts['one/other']), { 'getppid <': ROUNDS, 'getppid >': ROUNDS })
  const allowed = await decide(() => ({ ...CALLS_ONLY, comms: new Set(['one']), stateExit: CALLS }), { pids: { allow: [1] } })
  assert.equal(allowed.counts, {})
  const exitModel = await decide(() => CALLS_ONLY, { events: 'exit' })
  assert.equal(sorted(exitModel.counts['one/other']), sorted(made('<')))
  assert.equal(Object.keys(exitModel.runs), ['sys_exit'])
})

test('what the kernel is told', () => {
  const told = (decision: Partial<Decision>) => nativeNeeds(checkLiveOptions({}, { ...CALLS_ONLY, ...decision }))
  assert.equal([...new Set(nativeNeeds(checkLiveOptions({})).needs)], [1 | 4])
  assert.equal([told({}).needs[110], told({ stateEnter: new Set(['getppid']), exit: NONE }).needs[110], told({}).needs[0]], [5, 3, 0])
  assert.equal([told({}).procexit, told({}).switch, told({ stateTracepoints: new Set(['switch'] as const) }).switch], [1, 0, 2])
  // A name that no thread can have; one that may stand for several.
  assert.equal(told({ comms: new Set(['fifteen letters', 'sixteen letters!', 'a\0b']) }).matchComms, ['fifteen letters'])
  assert.is(told({ comms: new Set(['x', 'a\ufffd']) }).matchComms, undefined)
  assert.throws(() => told({ stateExit: new Set(['opnat']) }), (error: Error & { code: string }) => error.code === 'ERR_CAPTURE_OPTION')
  const union = withoutDecision(checkLiveOptions({ tracepoints: ['procexit'] }, {
    ...CALLS_ONLY, enter: new Set(['read']), stateExit: new Set(['clone']), tracepoints: new Set<never>(),
    stateTracepoints: new Set(['switch'] as const),
  }))
  assert.equal([[...union.syscalls!].sort(), union.tracepoints], [['clone', 'close', 'getppid', 'openat', 'read'], ['switch']])
  assert.is(withoutDecision(checkLiveOptions({}, { ...CALLS_ONLY, enter: undefined })).syscalls, undefined)
})

function sorted<T>(record: Record<string, T> | undefined): Record<string, T> {
  return Object.fromEntries(Object.entries(record ?? {}).sort())
}
