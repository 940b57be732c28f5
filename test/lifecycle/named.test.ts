/** Clusters in files that have a name: who may attach, who takes them over, and what is left of them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import * as assert from 'uvu/assert'
import { balance, type BalanceOptions, type CaptureError, type Cluster, open, openFile, type QueueCapture } from '../../lib/index.js'
import { folder } from '../helpers/folder.js'
import { openRings, read } from '../helpers/rings.js'
import { ROOT, type RunOptions, run, SYSRING } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('clusters in named files', { needs: ['linux'] })

const { file } = folder()
const TRACE = 'test/fixtures/small.scap'
const PREFIX = `sysring-test-${process.pid}-`
const QUEUE_BYTES = 1 << 20
const OTHER_USER = 65534
const GROUP = 4321
let names = 0
process.on('exit', () => left().forEach(name => rmSync(`/dev/shm/${name}`)))

/** A file of memory that is not there yet. */
function memory(): string {
  return `/dev/shm/${PREFIX}${names++}`
}

function left(): string[] {
  return readdirSync('/dev/shm').filter(name => name.startsWith(PREFIX))
}

/** All of the trace in one queue, which has room for it. */
async function filled(path: string, options: BalanceOptions = {}): Promise<Cluster> {
  const cluster = await balance(await openFile(TRACE), { path, id: path.slice(path.lastIndexOf('/') + 1), queues: 1, queueBytes: QUEUE_BYTES, ...options })
  await cluster.ended
  return cluster
}

const attach = (path: string): Promise<QueueCapture> => open(`cluster:${path}@0`)

/** The bytes of everything that a capture delivers. */
async function contents(capture: AsyncIterable<Iterable<{ cpu: number; record: { copy(): Uint8Array } }>>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const burst of capture) for (const ev of burst) parts.push(Uint8Array.of(ev.cpu), ev.record.copy())
  return Buffer.concat(parts)
}
const expected = async () => contents(await openFile(TRACE))

async function failure(of: Promise<unknown>): Promise<CaptureError> {
  return of.then(() => assert.unreachable('it did not fail'), error => error as CaptureError) as Promise<CaptureError>
}

/** A balancer in a process of its own, over rings with `records` records, which runs until it is killed. */
async function balancer(path: string, records: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', `
    import { balance } from './lib/index.ts'
    import { openRings, read } from './test/helpers/rings.ts'
    const { capture, probe } = openRings(1)
    const cluster = await balance(capture, { path: '${path}', id: '${path.slice(path.lastIndexOf('/') + 1)}', queues: 1, queueBytes: ${QUEUE_BYTES} })
    for (let n = 0; n < ${records}; n++) probe.produce(0, read(n))
    while (cluster.stats().seen < ${records}) await new Promise(resolve => setTimeout(resolve, 5))
    console.log('placed')`], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout!, 'data')
  return child
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

test('the path of the memory is as good as the name of the cluster; the file goes with the cluster', async () => {
  const path = memory()
  const cluster = await filled(path)
  const capture = await attach(path)
  assert.is(cluster.stats().queues[0].attached, true)
  assert.is((await failure(open(cluster.devices[0]))).code, 'ERR_CAPTURE_BUSY')
  const bytes = await contents(capture)
  await capture.close()
  assert.ok(bytes.equals(await expected()))
  const [{ received, dropped, waiting, attached }] = cluster.stats().queues
  assert.equal([received, dropped, waiting, attached], [capture.stats().delivered, 0, 0, false])
  await cluster.close()
  assert.not.ok(existsSync(path))
})

for (const [where, around] of [
  ['another process', []],
  ['another mount namespace, which sees the file and no socket', ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /run && exec "$@"', '-']],
] as const) {
  test(`${where} reads it`, async () => {
    const path = memory()
    await using _ = await filled(path)
    const copy = file(`${names}.scap`)
    const [program, ...args] = [...around, ...SYSRING, 'dump', '-i', `cluster:${path}@0`, '-w', copy]
    const { code, stderr } = await run(program, args)
    assert.is(code, 0, stderr)
    assert.ok((await contents(await openFile(copy))).equals(await expected()))
  }, { needs: around.length > 0 ? ['mount_namespace', 'root'] : [], timeoutMs: 60_000 })
}

test('processes are looked up where the balancer runs on the same machine', async () => {
  const path = memory()
  const { capture, probe } = openRings(1)
  await using cluster = await balance(capture, { path, queues: 1, queueBytes: QUEUE_BYTES })
  await using queue = await open(`cluster:${path}@0`, { state: true })
  probe.produce(0, read(1, 'data', process.pid))
  cluster.stop()
  const comms: unknown[] = []
  for await (const burst of queue) for (const ev of burst) comms.push(ev.thread?.comm)
  assert.equal(comms, [readFileSync('/proc/self/comm', 'utf8').trim()])
})

test('owner, group and mode are those of a file', async () => {
  const path = memory()
  await using _ = await filled(path, { owner: OTHER_USER, group: GROUP, mode: 0o660 })
  const { uid, gid, mode } = statSync(path)
  assert.equal([uid, gid, mode & 0o777], [OTHER_USER, GROUP, 0o660])
  // root without root's powers, as another user might not be able to read the clone
  const count = (gid: number, options?: RunOptions) =>
    run('setpriv', ['--bounding-set=-all', '--inh-caps=-all', `--regid=${gid}`, '--clear-groups', ...SYSRING, 'count', '--json', '-i', `cluster:${path}@0`], options)
  const refused = await count(0)
  assert.is(refused.code, 1, refused.stderr)
  assert.match(refused.stderr, /ERR_CAPTURE_PERM.*\n.*are you in its group/)
  const { code, stdout, stderr } = await count(GROUP)
  assert.is(code, 0, stderr)
  assert.match(stdout, /5000/)
}, { needs: ['root', 'setpriv'], timeoutMs: 60_000 })

test('a second balancer is refused and harms nothing', async () => {
  const path = memory()
  await using _ = await filled(path)
  const { code, hint } = await failure(filled(path, { id: 'another' }))
  assert.is(code, 'ERR_CAPTURE_BUSY')
  assert.ok(hint)
  assert.ok((await contents(await attach(path))).equals(await expected()))
})

test('of a killed balancer the file is left; its consumer reads it to the end, the next balancer makes it anew', async () => {
  const path = memory()
  const child = await balancer(path, 1000)
  const before = await attach(path)
  const inode = statSync(path).ino
  await killed(child)
  assert.is(statSync(path).ino, inode)
  if (process.geteuid!() === 0) chownSync(path, OTHER_USER, GROUP) // as if it had been given to them
  const cluster = await filled(path)
  assert.is.not(statSync(path).ino, inode)
  const after = await attach(path)

  let seen = 0
  const gone = await failure((async () => { for await (const burst of before) seen += [...burst].length })())
  assert.is(gone.code, 'ERR_CAPTURE_PRODUCER')
  assert.is(seen, 1000)
  await before.close()
  assert.ok((await contents(after)).equals(await expected()))
  await after.close()
  await cluster.close()
  assert.not.ok(existsSync(path))
}, { timeoutMs: 60_000 })

test('who attaches to what a killed balancer left reads it, and is told within seconds that nothing comes', async () => {
  const path = memory()
  await killed(await balancer(path, 1000))
  await using capture = await attach(path)
  let seen = 0
  const { code } = await failure((async () => { for await (const burst of capture) seen += [...burst].length })())
  assert.equal([code, seen], ['ERR_CAPTURE_PRODUCER', 1000])
  await (await filled(path)).close()
  assert.not.ok(existsSync(path))
}, { timeoutMs: 60_000 })

test('a killed consumer leaves what it had not given back to the next', async () => {
  const path = memory()
  await using cluster = await filled(path)
  for (let i = 0; i < 3; i++) {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', `
      import { open } from './lib/index.ts'
      for await (const burst of await open('cluster:${path}@0')) { for (const ev of burst) ev.tid; console.log('read'); process.kill(process.pid, 'SIGSTOP') }`], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout!, 'data')
    assert.is(cluster.stats().queues[0].attached, true)
    await killed(child)
  }
  assert.ok((await contents(await attach(path))).equals(await expected()))
}, { timeoutMs: 60_000 })

test('a file that somebody else made is used where it is, and left; one that is too small is refused with the size that is needed', async () => {
  const path = memory()
  writeFileSync(path, '')
  truncateSync(path, 4096)
  const { code, message, hint } = await failure(filled(path))
  assert.is(code, 'ERR_CAPTURE_IO')
  const needed = Number(/holds 4096 bytes, and the cluster needs (\d+)/.exec(message)?.[1])
  assert.ok(needed > QUEUE_BYTES && needed < 2 * QUEUE_BYTES, message)
  assert.match(hint, / 2 MiB$/)
  truncateSync(path, needed - 1)
  assert.is((await failure(filled(path))).code, 'ERR_CAPTURE_IO')
  truncateSync(path, needed)
  const { ino } = statSync(path)
  const cluster = await filled(path)
  assert.ok((await contents(await attach(path))).equals(await expected()))
  await cluster.close()
  assert.equal([statSync(path).ino, statSync(path).size], [ino, needed])
  rmSync(path)
})

test('memory of a virtual machine is used where it is, also after a balancer that was killed; who reads the one before is told', async () => {
  const path = memory()
  const bytes = 2 << 20
  const machine = spawn('qemu-system-x86_64', [
    '-machine', 'none', '-nodefaults', '-no-user-config', '-display', 'none', '-S', '-object', `memory-backend-file,id=cluster,share=on,mem-path=${path},size=${bytes}`,
  ], { stdio: 'inherit' })
  try {
    while (statSync(path, { throwIfNoEntry: false })?.size !== bytes) await new Promise(resolve => setTimeout(resolve, 20))
    const { ino } = statSync(path)
    const child = await balancer(path, 1000)
    const before = await attach(path)
    await killed(child)
    const cluster = await filled(path)
    let seen = 0
    const { code } = await failure((async () => { for await (const burst of before) seen += [...burst].length })())
    assert.equal([code, seen], ['ERR_CAPTURE_PRODUCER', 0], 'nothing of the new cluster')
    await before.close()
    assert.ok((await contents(await attach(path))).equals(await expected()))
    await cluster.close()
    assert.equal([statSync(path).ino, statSync(path).size], [ino, bytes])
    assert.not.ok(readFileSync('/proc/self/maps', 'utf8').includes(path))
  } finally {
    machine.kill('SIGKILL')
    rmSync(path, { force: true })
  }
}, { needs: ['qemu-system-x86_64'], timeoutMs: 60_000 })

test('what is no memory of a cluster is refused', async () => {
  const path = memory()
  assert.is((await failure(attach(path))).code, 'ERR_CAPTURE_NO_DEVICE')
  writeFileSync(path, 'text')
  assert.is((await failure(attach(path))).code, 'ERR_CAPTURE_FORMAT')
  truncateSync(path, 4 << 20)
  assert.is((await failure(attach(path))).code, 'ERR_CAPTURE_FORMAT')
  rmSync(path)
  assert.is((await failure(filled('/dev/shm'))).code, 'ERR_CAPTURE_IO')
  assert.is((await failure(filled(`/dev/shm/${PREFIX}/nowhere`))).code, 'ERR_CAPTURE_IO')
})

test('nothing is left', () => {
  assert.equal(left(), [])
})
