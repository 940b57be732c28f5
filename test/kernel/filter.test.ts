import * as assert from 'uvu/assert'
import { type CaptureError, type Event, type LiveOptions, open } from '../../lib/index.js'
import { checkLiveOptions } from '../../lib/probe/options.js'
import { allowedCpus, compile, start } from '../helpers/program.js'
import { run, shell } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('filter', { needs: ['bpf', 'btf', 'cc'], timeoutMs: 40_000 })

let counts = ''
test.before(() => { counts = compile('counts') })

/** What is captured while `work` runs. */
async function during(options: LiveOptions, work: () => Promise<unknown>): Promise<{ events: Event[]; stats: ReturnType<Awaited<ReturnType<typeof open>>['stats']> }> {
  const capture = await open('sysdig', { maxDurationMs: 20_000, ...options })
  const done = work().finally(() => capture.stop())
  const events: Event[] = []
  for await (const burst of capture) for (const ev of burst) events.push(ev.retain())
  await done
  return { events, stats: capture.stats() }
}

const names = (events: Event[]) => [...new Set(events.map(ev => ev.name))].sort()

test('syscalls: only those, and the rest counted as filtered', async () => {
  const program = await start(counts, [allowedCpus()[0], 20, 0])
  const { events, stats } = await during({ syscalls: ['getppid', 'openat', 'execve'], tracepoints: [] }, () => { program.go(); return program.output })
  assert.equal(names(events).filter(name => !['getppid', 'openat', 'execve'].includes(name)), [])
  assert.is(events.filter(ev => ev.tid === program.pid && ev.name === 'getppid').length, 40)
  assert.ok(stats.filtered > 20 * 80)
  assert.is(stats.seen, stats.delivered + stats.dropped.total + stats.filtered + stats.pending)
})

test('syscalls: none at all leaves the tracepoints', async () => {
  const { events } = await during({ syscalls: [] }, () => run('/bin/true'))
  assert.ok(events.some(ev => ev.name === 'procexit'))
  assert.equal(names(events).filter(name => !['procexit', 'signaldeliver'].includes(name)), [])
})

test('pids: allow and deny are two halves of the whole', async () => {
  const cpu = allowedCpus()[0]
  const two = [await start(counts, [cpu, 10, 0]), await start(counts, [cpu, 10, 0])]
  const [a, b] = two.map(({ pid }) => pid)
  const go = async () => { for (const program of two) { program.go(); await program.output } }
  const allowed = during({ pids: { allow: [a] } }, go)
  const denied = await during({ pids: { deny: [a] }, maxDurationMs: 20_000 }, async () => { await Promise.all(two.map(({ output }) => output)) })
  const { events, stats } = await allowed
  assert.equal([...new Set(events.map(ev => ev.tid))], [a])
  assert.ok(stats.filtered > 0)
  const tids = new Set(denied.events.map(ev => ev.tid))
  assert.ok(!tids.has(a) && tids.has(b))
})

test('an empty allow list lets nothing through', async () => {
  const { events, stats } = await during({ pids: { allow: [] } }, () => run('/bin/true'))
  assert.is(events.length, 0)
  assert.ok(stats.filtered > 0)
})

test('the capturing process is left out, unless asked', async () => {
  const work = async () => { for (let i = 0; i < 20; i++) process.kill(process.pid, 0) }
  const without = await during({}, async () => { await work(); await run('/bin/true') })
  assert.ok(without.events.length > 0)
  // Threads of this process have its pid nowhere in their records: look for all of them.
  const { readdirSync } = await import('node:fs')
  const mine = () => new Set(readdirSync('/proc/self/task').map(Number))
  const tids = mine()
  assert.equal(without.events.filter(ev => tids.has(ev.tid)).map(ev => ev.name), [])
  const withSelf = await during({ includeSelf: true, syscalls: ['kill'] }, work)
  assert.is(withSelf.events.filter(ev => ev.tid === process.pid && ev.name === 'kill').length, 40)
})

test('pids with children: what they start is listed too', async () => {
  // The shells that work() starts are children of this process.
  const work = () => shell('kill -0 $$; bash -c "kill -0 \\$\\$; :"; :')
  for (const children of [false, true]) {
    const { events } = await during({ syscalls: ['kill'], tracepoints: [], pids: { allow: [process.pid], children }, includeSelf: true }, work)
    assert.is(events.some(ev => ev.name === 'kill' && ev.tid !== process.pid), children)
  }
})

test('the capturing process is left out in a pid namespace too', async () => {
  const script = `
    import { open } from '${new URL('../../lib/index.ts', import.meta.url).href}'
    const capture = await open('sysdig', { maxDurationMs: 600, syscalls: ['kill'], tracepoints: [] })
    setTimeout(() => { for (let i = 0; i < 20; i++) process.kill(process.pid, 0) }, 200)
    let kills = 0
    for await (const burst of capture) for (const ev of burst) if (ev.name === 'kill' && ev.dir === 'enter' && ev.args.pid === process.pid && ev.args.sig === 0) kills++
    console.log(kills + ' kills')`
  const { stdout, stderr } = await run('unshare', ['--pid', '--fork', '--mount-proc', process.execPath, '--import', 'tsx', '--input-type=module', '-e', script])
  assert.is(stdout, '0 kills\n', stderr)
}, { needs: ['root', 'mount_namespace'] })

test('tracepoints: none, switch, page_fault', async () => {
  const work = () => shell('sleep 0.05; /bin/true')
  const none = await during({ syscalls: ['openat'], tracepoints: [] }, work)
  assert.equal(names(none.events), ['openat'])
  const { events } = await during({ syscalls: ['openat'], tracepoints: ['switch', 'page_fault'] }, work)
  assert.equal(names(events), ['openat', 'page_fault', 'switch'])
  const fault = events.find(ev => ev.name === 'page_fault')!
  assert.is(fault.nparams, 3)
  assert.ok((fault.args.ip as bigint) > 0n)
  const change = events.find(ev => ev.name === 'switch')!
  assert.is(change.nparams, 6)
  assert.type(change.args.next, 'number')
})

for (const snaplen of [0, 80, 4096, 60_000]) {
  test(`snaplen ${snaplen}: data is cut exactly there`, async () => {
    const sizes = [1, 79, 80, 81, 4095, 4096, 4097, 59_999, 60_000, 60_001, 100_000]
    const code = sizes.map(size => `os.write(fd, bytes(i % 251 for i in range(${size}))); os.pread(fd, ${size}, os.lseek(fd, 0, 1) - ${size})`).join('; ')
    let tid = 0
    const { events } = await during({ snaplen, ringBytes: 16 << 20, syscalls: ['write', 'pread64', 'umask'] }, async () => {
      const script = `import os; print(os.getpid()); fd = os.open('/tmp', os.O_TMPFILE | os.O_RDWR); os.umask(0); ${code}`
      tid = Number((await run('python3', ['-c', script])).stdout)
    })
    const marker = events.findIndex(ev => ev.tid === tid && ev.name === 'umask')
    assert.ok(marker >= 0)
    for (const name of ['write', 'pread']) {
      const data = events.slice(marker).filter(ev => ev.tid === tid && ev.name === name && ev.dir === 'exit').slice(0, sizes.length)
      assert.equal(data.map(ev => ev.args.res), sizes, name)
      assert.equal(data.map(ev => ev.param(1)!.length), sizes.map(size => Math.min(size, snaplen)), name)
      for (const ev of data) assert.is(Buffer.from(ev.param(1)!.copy()).findIndex((byte, i) => byte !== i % 251), -1)
    }
  }, { needs: ['python3'] })
}

test('invalid options are coded errors with a hint', async () => {
  const bad: LiveOptions[] = [
    { snaplen: -1 }, { snaplen: 60_001 }, { snaplen: 1.5 }, { ringBytes: 100_000 }, { ringBytes: 64 << 10 }, { ringBytes: 2 ** 31 },
    { ringBytes: 3 << 20 }, { events: 'enter' as 'both' }, { pids: { allow: [1], deny: [2] } }, { pids: { allow: [-1] } },
    { pids: { deny: [1.5] } }, { syscalls: ['opnat'] }, { syscalls: ['OPENAT'] }, { tracepoints: ['sched' as 'switch'] },
    { maxWaitMs: 0 }, { maxWaitMs: 2000 }, { maxEvents: -1 }, { maxDurationMs: NaN },
    { pids: { allow: Array.from({ length: 5000 }, (_, i) => i + 1) } },
  ]
  for (const options of bad) {
    let error: CaptureError | undefined
    try {
      const capture = await open('sysdig', options)
      await capture.close()
    } catch (caught) {
      error = caught as CaptureError
    }
    const text = JSON.stringify(options).slice(0, 60)
    assert.is(error?.code, 'ERR_CAPTURE_OPTION', text)
    assert.ok(error!.hint.length > 0, text)
  }
  assert.ok(checkLiveOptions({ ringBytes: 1 << 30, snaplen: 60_000, maxWaitMs: 1000 }))
})
