// timeout: 150
import * as assert from 'uvu/assert'
import { open } from '../../lib/index.js'
import type { LiveOptions } from '../../lib/index.js'
import { allowedCpus, compile, start } from '../helpers/program.js'
import { suite } from '../helpers/suite.js'

const test = suite('exact counts', { needs: ['bpf', 'btf', 'cc'], timeoutMs: 60_000 })

let counts = ''
test.before(() => { counts = compile('counts') })

/** Calls whose event has another name. */
const EVENT_OF: Record<string, string> = { pread64: 'pread', pwrite64: 'pwrite' }

interface Made {
  cpu: number
  pid: number
  total: number
  calls: Map<string, number>
}

/** One program per CPU, all at the same time, and what arrived of their calls. */
async function measure(rounds: number, pauseUs: number, options: LiveOptions, readerSleepsMs = 0) {
  const cpus = allowedCpus()
  // A short run says which calls it makes.
  const rehearsal = await start(counts, [cpus[0], 1, pauseUs])
  rehearsal.go()
  const names = (await rehearsal.output).trim().split('\n').map(line => line.split(' ')[0]).filter(name => name !== 'cpu')

  const programs = await Promise.all(cpus.map(cpu => start(counts, [cpu, rounds, pauseUs])))
  const capture = await open('sysdig', { ...options, syscalls: names, tracepoints: [], pids: { allow: programs.map(({ pid }) => pid) } })
  for (const program of programs) program.go()
  const made = Promise.all(programs.map(async ({ pid, output }, i): Promise<Made> => {
    const calls = new Map((await output).trim().split('\n').map(line => line.split(' ')).map(([name, count]) => [name, Number(count)]))
    assert.is(calls.get('cpu'), cpus[i], 'the program left its CPU')
    calls.delete('cpu')
    return { cpu: cpus[i], pid, total: [...calls.values()].reduce((a, b) => a + b), calls }
  })).finally(() => capture.stop())

  /** By CPU, then "name >" and "name <". */
  const arrived = new Map<number, Map<string, number>>(cpus.map(cpu => [cpu, new Map()]))
  const pidOf = new Map(programs.map(({ pid }, i) => [pid, cpus[i]]))
  let lost = 0
  for await (const burst of capture) {
    lost += burst.lost.total
    for (const ev of burst) {
      assert.is(pidOf.get(ev.tid), ev.cpu)
      const key = `${ev.name} ${ev.dir === 'enter' ? '>' : '<'}`
      const tally = arrived.get(ev.cpu)!
      tally.set(key, (tally.get(key) ?? 0) + 1)
    }
    if (readerSleepsMs > 0) await new Promise(resolve => setTimeout(resolve, readerSleepsMs))
  }
  return { made: await made, arrived, lost, stats: capture.stats() }
}

for (const events of ['both', 'exit'] as const) {
  const perCall = events === 'both' ? 2 : 1

  test(`${events}: at a low rate every call arrives, entered and left, on its CPU`, async () => {
    const { made, arrived, stats } = await measure(40, 500, { events })
    assert.is(stats.dropped.total, 0)
    for (const { cpu, calls } of made) {
      assert.ok(calls.size >= 60, `only ${calls.size} kinds of calls`)
      const expected: Record<string, number> = {}
      for (const [call, count] of calls) {
        const name = EVENT_OF[call] ?? call
        if (events === 'both') expected[`${name} >`] = count
        expected[`${name} <`] = count
      }
      assert.equal(Object.fromEntries([...arrived.get(cpu)!].sort()), Object.fromEntries(Object.entries(expected).sort()), `CPU ${cpu}`)
    }
    assert.is(stats.pending, 0)
    assert.is(stats.late, 0)
  })

  for (const [what, rounds, options, sleep] of [
    ['full speed', 600, {}, 0],
    ['overload (small rings, a reader that sleeps)', 600, { ringBytes: 128 << 10 }, 40],
  ] as const) {
    test(`${events}: at ${what} delivered + dropped = made, on each CPU`, async () => {
      const { made, arrived, lost, stats } = await measure(rounds, 0, { events, ...options }, sleep)
      for (const { cpu, total } of made) {
        const of = stats.perCpu.find(each => each.cpu === cpu)!
        const here = [...arrived.get(cpu)!.values()].reduce((a, b) => a + b, 0)
        assert.is(of.delivered, here)
        assert.is(of.pending, 0)
        assert.is(of.delivered + of.dropped, perCall * total, `CPU ${cpu}: ${of.delivered} delivered, ${of.dropped} dropped, ${total} calls made`)
        assert.is(of.seen, of.delivered + of.dropped + of.filtered + of.pending)
        if (sleep > 0) assert.ok(of.dropped > total / 10, `only ${of.dropped} were dropped: this was no overload`)
      }
      assert.is(stats.seen, stats.delivered + stats.dropped.total + stats.filtered + stats.pending)
      assert.is(stats.dropped.nested, 0)
      // The last drops may come after the last burst.
      assert.ok(lost <= stats.dropped.total)
      console.log(`${events}, ${what}: ${made.map(({ cpu, total }) => `CPU ${cpu} ${total} calls`).join(', ')}; ${stats.delivered} delivered, ${stats.dropped.total} dropped`)
    }, { timeoutMs: 40_000 })
  }
}

test('opened and closed in the middle of the traffic, the sums still hold', async () => {
  const programs = await Promise.all(allowedCpus().map(cpu => start(counts, [cpu, 6000, 0])))
  for (const program of programs) program.go()
  let running = true
  const over = Promise.all(programs.map(({ output }) => output)).then(() => { running = false })
  let rounds = 0
  for (; rounds < 12 && running; rounds++) {
    const capture = await open('sysdig', { ringBytes: rounds % 2 === 0 ? 128 << 10 : 4 << 20, maxDurationMs: 30 + 10 * rounds, events: rounds % 3 === 0 ? 'exit' : 'both' })
    let walked = 0
    for await (const burst of capture) {
      for (const _ of burst) walked++
      if (rounds % 4 === 3) break
    }
    const { seen, delivered, dropped, filtered, pending } = capture.stats()
    assert.is(walked, delivered, `round ${rounds}`)
    assert.is(seen, delivered + dropped.total + filtered + pending, `round ${rounds}: ${JSON.stringify({ seen, delivered, dropped, filtered, pending })}`)
  }
  assert.ok(rounds > 5)
  for (const { pid } of programs) try { process.kill(pid, 'SIGKILL') } catch { /* over already */ }
  await over.catch(() => {})
})

test('every enter has its exit, in each thread', async () => {
  const [cpu] = allowedCpus()
  const program = await start(counts, [cpu, 100, 0])
  const capture = await open('sysdig', { pids: { allow: [program.pid] } })
  program.go()
  void program.output.finally(() => capture.stop())
  const openCalls = new Map<number, string>()
  const wrong: string[] = []
  let pairs = 0
  for await (const burst of capture) {
    for (const ev of burst) {
      if (ev.name === 'procexit' || ev.name === 'signaldeliver') continue
      const inside = openCalls.get(ev.tid)
      if (ev.dir === 'enter') {
        if (inside !== undefined) wrong.push(`${ev.name} entered within ${inside}`)
        openCalls.set(ev.tid, ev.name)
      } else {
        // The first one was entered before the capture began.
        if (inside !== ev.name && pairs > 0) wrong.push(`${ev.name} left, but ${inside} entered`)
        openCalls.delete(ev.tid)
        pairs++
      }
    }
  }
  assert.equal(wrong, [])
  assert.ok(pairs > 5000)
  assert.equal([...openCalls.values()], ['exit_group'])
  assert.is(capture.stats().dropped.total, 0)
})
