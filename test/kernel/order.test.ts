import * as assert from 'uvu/assert'
import { open } from '../../lib/index.js'
import { allowedCpus, compile, start } from '../helpers/program.js'
import { suite } from '../helpers/suite.js'

const test = suite('order', { needs: ['bpf', 'btf', 'cc'], timeoutMs: 40_000 })

const wallNs = () => BigInt(Date.now()) * 1_000_000n

test('within a thread by time and in pairs, over all CPUs nothing late, and within the time of the run', async () => {
  const counts = compile('counts')
  const programs = await Promise.all([...allowedCpus(), ...allowedCpus()].map(cpu => start(counts, [cpu, 60, 200])))
  const before = wallNs()
  const capture = await open('sysdig', { pids: { allow: programs.map(({ pid }) => pid) }, tracepoints: [] })
  for (const program of programs) program.go()
  void Promise.allSettled(programs.map(({ output }) => output)).then(() => capture.stop())
  const last = new Map<number, { ts: bigint; name: string; enter: boolean }>()
  let newest = 0n
  let first = 0n
  let disorder = 0
  const wrong: string[] = []
  for await (const burst of capture) {
    for (const ev of burst) {
      const { ts, tid, name } = ev
      const enter = ev.dir === 'enter'
      if (first === 0n) first = ts
      if (ts < newest) disorder++
      else newest = ts
      const previous = last.get(tid)
      if (previous !== undefined) {
        if (ts < previous.ts) wrong.push(`${name} of ${tid} is ${previous.ts - ts} ns before what came before it`)
        if (enter === previous.enter) wrong.push(`${previous.name} and ${name} of ${tid}, both ${ev.dir}`)
        if (!enter && name !== previous.name) wrong.push(`${previous.name} ended as ${name}`)
      }
      last.set(tid, { ts, name, enter })
    }
  }
  const after = wallNs()
  assert.equal(wrong.slice(0, 10), [])
  assert.is(last.size, programs.length)
  assert.is(disorder, capture.stats().late)
  // 4 programs on 2 CPUs that others use too: a record may be late, but not many.
  assert.ok(disorder < capture.stats().delivered / 100, `${disorder} of ${capture.stats().delivered} late`)
  assert.ok(first >= before - 2_000_000n && newest <= after + 2_000_000n, `${before} ≤ ${first} … ${newest} ≤ ${after}`)
})

test('times lie between what the program read from the clock before and after the call', async () => {
  const program = await start(compile('family'), ['clock'])
  const capture = await open('sysdig', { pids: { allow: [program.pid] }, syscalls: ['getpgid'], tracepoints: [] })
  program.go()
  const ended = program.output.finally(() => capture.stop())
  const times: bigint[] = []
  for await (const burst of capture) for (const ev of burst) times.push(ev.ts)
  const clock = (await ended).trim().split('\n').map(line => line.split(' ').map(BigInt))
  assert.is(times.length, 2 * clock.length)
  // The offset between the two clocks is measured to some tens of ns, and follows the wall clock once a second.
  const SLACK = 20_000n
  for (const [i, [, before, after]] of clock.entries()) {
    const [enter, exit] = [times[2 * i], times[2 * i + 1]]
    assert.ok(before - SLACK <= enter && enter <= exit && exit <= after + SLACK, `call ${i}: ${before} ≤ ${enter} ≤ ${exit} ≤ ${after}`)
  }
})
