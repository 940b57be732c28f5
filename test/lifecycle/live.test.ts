import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { open } from '../../lib/index.js'
import { openRings, read } from '../helpers/rings.js'
import { run } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('lifecycle of a live capture', { needs: ['linux'], timeoutMs: 60_000 })

const INDEX = new URL('../../lib/index.ts', import.meta.url).href

/** What this process holds of the kernel: descriptors of BPF objects, mapped rings. */
function held(): { fds: number; bpf: string[]; maps: number; bytes: number } {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return '' // the one that listed them
    }
  })
  const maps = readFileSync('/proc/self/maps', 'utf8').split('\n').filter(line => /bpf|sysring/.test(line) && !line.endsWith('.node'))
  const bytes = maps.map(line => line.split(' ')[0].split('-').map(end => parseInt(end, 16))).reduce((sum, [from, to]) => sum + to - from, 0)
  return { fds: targets.length, bpf: targets.filter(target => /bpf|perf|btf/.test(target)), maps: maps.length, bytes }
}

test('200 captures over rings leave nothing behind', async () => {
  const before = held()
  for (let i = 0; i < 200; i++) {
    const { capture, probe } = openRings(1 + (i % 4), i % 2 === 0 ? { maxEvents: 3 } : {})
    for (let n = 0; n < 5; n++) probe.produce(0, read(n))
    if (i % 3 === 0) for await (const _ of capture) if (i % 2 === 1) break
    await capture.close()
  }
  const { fds, maps } = held()
  assert.equal([fds, maps], [before.fds, before.maps])
})

test('captures of the kernel, opened and closed 40 times, leave no descriptor and no map', async () => {
  const cycle = async (i: number) => {
    const capture = await open('sysdig', { ringBytes: 1 << 20, maxDurationMs: 5, events: i % 2 === 0 ? 'both' : 'exit' })
    if (i % 4 !== 3) for await (const _ of capture) if (i % 4 === 2) break
    await capture.close()
  }
  await cycle(0)
  const before = held()
  assert.equal([before.bpf, before.maps], [[], 0])
  for (let i = 0; i < 40; i++) await cycle(i)
  const after = held()
  assert.equal(after, before)
}, { needs: ['bpf', 'btf'] })

test('while open it holds its rings, read-only, and nobody else does', async () => {
  const capture = await open('sysdig', { ringBytes: 1 << 20 })
  const rings = readFileSync('/proc/self/maps', 'utf8').split('\n').filter(line => line.includes('bpf-map') && line.includes(' r--s ')).length
  await capture.close()
  assert.ok(rings >= 2, `${rings} maps`)
  assert.is(held().maps, 0)
}, { needs: ['bpf', 'btf'] })

/** Runs a module as a process of its own. */
async function script(body: string) {
  return run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', `import { open } from '${INDEX}'\n${body}`], { timeoutMs: 20_000 })
}

// On a quiet machine nobody but the process itself makes events.
for (const [what, body, code, output] of [
  ['after close()', `const c = await open('sysdig'); await c.close(); console.log('end')`, 0, 'end\n'],
  ['when the loop broke out and close() was forgotten', `const c = await open('sysdig', { includeSelf: true }); for await (const b of c) { for (const e of b) break; break } console.log('end')`, 0, 'end\n'],
  ['when it was opened and never read', `await open('sysdig'); console.log('end')`, 0, 'end\n'],
  ['at maxDurationMs', `for await (const b of await open('sysdig', { maxDurationMs: 100 })); console.log('end')`, 0, 'end\n'],
  ['with an error thrown in the loop', `for await (const b of await open('sysdig', { includeSelf: true })) { for (const e of b) throw new Error('in the loop') }`, 1, ''],
  ['with an exception that nobody catches, outside of the loop', `const c = await open('sysdig'); setTimeout(() => { throw new Error('elsewhere') }, 50); for await (const b of c);`, 1, ''],
  ['with process.exit() within a burst', `for await (const b of await open('sysdig', { includeSelf: true })) for (const e of b) process.exit(5)`, 5, ''],
] as const) {
  test(`the process ends by itself ${what}`, async () => {
    const { code: actual, signal, stdout, stderr } = await script(body)
    assert.equal([actual, signal, stdout], [code, null, output], stderr)
  }, { needs: ['bpf', 'btf'] })
}

test('a worker that captures is terminated: no crash, nothing left', async () => {
  const { code, signal, stdout, stderr } = await script(`
    import { Worker } from 'node:worker_threads'
    import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
    const source = \`import('tsx/esm/api').then(async ({ register }) => {
      register()
      const { open } = await import('${INDEX}')
      const { parentPort } = await import('node:worker_threads')
      const capture = await open('sysdig', { ringBytes: 1 << 20, includeSelf: true })
      let told = false
      for await (const burst of capture) for (const ev of burst) { ev.name; if (!told) { told = true; parentPort.postMessage('runs') } }
    })\`
    for (let i = 0; i < 4; i++) {
      const worker = new Worker(source, { eval: true })
      await new Promise((resolve, reject) => { worker.once('message', resolve); worker.once('error', reject) })
      await new Promise(resolve => setTimeout(resolve, 7 * i))
      await worker.terminate()
    }
    const fds = readdirSync('/proc/self/fd').filter(fd => { try { return /bpf/.test(readlinkSync('/proc/self/fd/' + fd)) } catch { return false } })
    console.log(fds.length, readFileSync('/proc/self/maps', 'utf8').split('\\n').filter(line => line.includes('bpf-map')).length)`)
  assert.equal([code, signal, stdout], [0, null, '0 0\n'], stderr)
}, { needs: ['bpf', 'btf'] })
