import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import { type CaptureError, open } from '../../lib/index.js'
import { folder } from '../helpers/folder.js'
import { all, type Pair, pair, tcpdump } from '../helpers/network.js'
import { compile } from '../helpers/program.js'
import { ROOT, run, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('the package cap', { needs: ['root', 'net_raw', 'ip', 'tcpdump', 'cc'], timeoutMs: 60_000 })
const { path } = folder()

let packets = ''
let net: Pair
test.before(() => {
  packets = compile('packets', 'bench/programs')
  net = pair()
})
test.after(() => net.remove())

const send = (count: number, rate: number) =>
  run('ip', ['netns', 'exec', net.namespace, packets, net.far, '128', String(count), String(rate)], { input: '\n' })

test('the packets that tcpdump sees, and what this way cannot do', async () => {
  const judge = await tcpdump(net.near)
  const capture = await open(`cap:${net.near}`)
  assert.ok(capture.limits.length > 3)
  assert.match(capture.limits.join('\n'), /no kernel timestamps[^]*no drop counts[^]*no worker threads/)
  const reading = all(capture)
  await send(500, 2000)
  const theirs = await judge.packets()
  capture.stop()
  const ours = await reading
  assert.equal(ours.map(({ data, len }) => [data, len]), theirs.map(({ data, len }) => [data, len]))
  // Here later than at the kernel.
  ours.forEach(({ ts }, i) => assert.ok(ts > theirs[i].ts - 1_000_000n, `${ts} ${theirs[i].ts}`))
  const { seen, delivered, dropped, pending } = capture.stats()
  assert.equal([seen, delivered, dropped.total, pending], [500, 500, 0, 0])
})

test('a filter, a limit, and a loop that is left', async () => {
  const capture = await open(`cap:${net.near}`, { bpf: 'udp port 9', maxEvents: 5 })
  const reading = all(capture)
  await send(50, 1000)
  assert.is((await reading).length, 5)
  const { seen, delivered, dropped, pending } = capture.stats()
  assert.is(seen, delivered + dropped.total + pending)
  assert.equal(await all(await open(`cap:${net.near}`, { bpf: 'tcp', maxDurationMs: 100 })), [])
})

test('what cannot be: coded errors, and the process lives on', async () => {
  for (const [device, options, code] of [
    ['cap:nonesuch', {}, 'ERR_CAPTURE_NO_DEVICE'],
    [`cap:${net.near}`, { bpf: 'udp port' }, 'ERR_CAPTURE_FILTER'],
    [`cap:${net.near}`, { snaplen: 96 }, 'ERR_CAPTURE_OPTION'],
    [`cap:${net.near}`, { filter: 'proc.name=cat' }, 'ERR_CAPTURE_OPTION'],
  ] as const) {
    const error = await open(device as 'cap:', options as object).catch((error: CaptureError) => error) as CaptureError
    assert.is(error.code, code, error.message)
    assert.ok(error.hint.length > 3)
  }
})

test('not in a worker', async () => {
  const worker = new Worker(`import('tsx/esm/api').then(async ({ register }) => {
    register()
    const { open } = await import('${new URL('../../lib/index.ts', import.meta.url).href}')
    open('cap:lo').catch(({ code, hint }) => require('node:worker_threads').parentPort.postMessage([code, hint]))
  })`, { eval: true })
  assert.equal(await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)), ['ERR_CAPTURE_OPTION', "open the interface itself: open('lo')"])
  await worker.terminate()
})

test('where it is not installed: how to', async () => {
  cpSync(join(ROOT, 'lib'), join(path, 'lib'), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(path, 'package.json'))
  const script = `import { open } from '${join(path, 'lib/index.ts')}'
    await open('cap:lo').catch(({ code, message, hint }) => console.log(JSON.stringify({ code, message, hint })))`
  const { stdout, stderr } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script])
  assert.ok(stdout !== '', stderr)
  const { code, message, hint } = JSON.parse(stdout) as CaptureError
  assert.equal([code, hint], ['ERR_CAPTURE_NO_PROBE', 'npm install cap'])
  assert.match(message, 'the package cap does not load: Cannot find package')
})

test('the command says what it cannot do', async () => {
  const counting = sysring(['count', '-i', `cap:${net.near}`, '-n', '10', '-d', '20'])
  await Promise.all([counting, (async () => {
    for (let i = 0; i < 20; i++) await send(10, 100)
  })()])
  const { code, stdout, stderr } = await counting
  assert.is(code, 0, stderr)
  assert.match(stderr, `sysring: cap:${net.near}: no kernel timestamps`)
  assert.match(stdout, '[10 events total]')
})
