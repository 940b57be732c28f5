// timeout: 120
import { spawn } from 'node:child_process'
import { Worker } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import { open } from '../../lib/index.js'
import { all, type Pair, pair } from '../helpers/network.js'
import { compile } from '../helpers/program.js'
import { run } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('network interfaces, from beginning to end', { needs: ['root', 'net_raw', 'ip', 'cc'], timeoutMs: 60_000 })

const INDEX = new URL('../../lib/index.ts', import.meta.url).href
let packets = ''
let net: Pair
test.before(() => {
  packets = compile('packets', 'bench/programs')
  net = pair()
})
test.after(() => net.remove())

const send = (count: number, rate = 0) =>
  run('ip', ['netns', 'exec', net.namespace, packets, net.far, '128', String(count), String(rate)], { input: '\n' })

/** Runs a module in a process of its own, with packets coming all the time. */
async function script(body: string) {
  const sending = spawn('ip', ['netns', 'exec', net.namespace, packets, net.far, '128', '2000000', '20000'], { stdio: ['pipe', 'ignore', 'inherit'] })
  sending.stdin.end('\n')
  try {
    return await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', `import { open } from '${INDEX}'; ${body}`], { timeoutMs: 30_000 })
  } finally {
    sending.kill('SIGKILL')
  }
}

for (const [what, body, code, stdout] of [
  ['when the loop broke out', `for await (const b of await open('NIC')) { for (const e of b) break; break } console.log('end')`, 0, 'end\n'],
  ['when it was opened and never read', `await open('NIC'); console.log('end')`, 0, 'end\n'],
  ['at maxDurationMs', `for await (const b of await open('NIC', { maxDurationMs: 100 })); console.log('end')`, 0, 'end\n'],
  ['with an error thrown in the loop', `for await (const b of await open('NIC')) for (const e of b) throw new Error('in the loop')`, 1, ''],
  ['with process.exit() within a burst', `for await (const b of await open('NIC')) for (const e of b) process.exit(5)`, 5, ''],
] as const) {
  test(`the process ends by itself ${what}`, async () => {
    const { code: actual, signal, stdout: said, stderr } = await script(body.replace('NIC', net.near))
    assert.equal([actual, signal, said], [code, null, stdout], stderr)
  })
}

const worker = (body: string, workerData: object) => new Worker(`
  import('tsx/esm/api').then(async ({ register }) => {
    register()
    const { open } = await import('${INDEX}')
    const { parentPort, workerData } = await import('node:worker_threads')
    ${body}
  })`, { eval: true, workerData })

test('two workers share an interface: each packet is in one of them', async () => {
  const fanout = { group: process.pid & 0xffff, mode: 'lb' }
  const workers = Array.from({ length: 2 }, () => worker(`
    const capture = await open(workerData.nic, { fanout: workerData.fanout })
    parentPort.once('message', () => capture.stop())
    parentPort.postMessage('ready')
    let count = 0
    for await (const burst of capture) for (const ev of burst) count += ev.len === 128 ? 1 : 0
    parentPort.postMessage({ count, stats: capture.stats() })`, { nic: net.near, fanout }))
  const answer = (from: Worker) => new Promise<{ count: number; stats: { dropped: { total: number } } }>((resolve, reject) => {
    from.once('message', resolve)
    from.once('error', reject)
  })
  await Promise.all(workers.map(answer))
  await send(20_000, 100_000)
  const results = await Promise.all(workers.map(from => {
    const result = answer(from)
    from.postMessage('stop')
    return result
  }))
  assert.is(results.reduce((sum, { count, stats }) => sum + count + stats.dropped.total, 0), 20_000)
  for (const { count } of results) assert.ok(count > 5000, `${count}`)
  await Promise.all(workers.map(one => one.terminate()))
})

test('workers that capture are terminated: no crash, nothing left, and this thread goes on', async () => {
  const { code, signal, stdout, stderr } = await script(`
    import { Worker } from 'node:worker_threads'
    import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
    const source = \`import('tsx/esm/api').then(async ({ register }) => {
      register()
      const { open } = await import('${INDEX}')
      const { parentPort } = await import('node:worker_threads')
      const capture = await open('${net.near}', { ringBytes: 1 << 20 })
      let told = false
      for await (const burst of capture) for (const ev of burst) { ev.packet.bytes.at(5); if (!told) { told = true; parentPort.postMessage('runs') } }
    })\`
    for (let i = 0; i < 4; i++) {
      const worker = new Worker(source, { eval: true })
      await new Promise((resolve, reject) => { worker.once('message', resolve); worker.once('error', reject) })
      await new Promise(resolve => setTimeout(resolve, 7 * i))
      await worker.terminate()
    }
    const rings = readFileSync('/proc/self/maps', 'utf8').split('\\n').filter(line => line.includes('socket:')).length
    const inodes = readFileSync('/proc/net/packet', 'utf8').split('\\n').slice(1).map(line => line.trim().split(/ +/).at(-1))
    const own = readdirSync('/proc/self/fd').filter(fd => { try { return inodes.includes(/^socket:\\[(\\d+)\\]/.exec(readlinkSync('/proc/self/fd/' + fd))?.[1]) } catch { return false } }).length
    console.log(rings, own)`)
  assert.equal([code, signal, stdout], [0, null, '0 0\n'], stderr)
})

const count = async (nic: string) => {
  const capture = await open(nic)
  setTimeout(() => capture.stop(), 50)
  return (await all(capture)).length
}

test('stop() in a quiet capture, with nothing to wait for', async () => {
  assert.is(await count(net.near), 0)
  await send(10)
  assert.is(await count(net.near), 0)
})
