// timeout: 240
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { openFile } from '../../lib/iface/file/open.js'
import { busy } from '../helpers/busy.js'
import { folder } from '../helpers/folder.js'
import { pair, tcpdump } from '../helpers/network.js'
import { ROOT, run, shell, SYSRING, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE, TRACE_EVENTS } from '../helpers/trace.js'

const test = suite('balance, pipeline, bounce', { needs: ['root', 'bpf', 'btf'], timeoutMs: 90_000 })
const { file } = folder()
const STAGES = `${ROOT}/test/fixtures/stages`
let ids = 0
/** A cluster that no other test of this machine has. */
const id = () => `t${process.pid}-${ids++}`

busy(test)

interface Job {
  child: ChildProcess
  /** Ends it and gives its last line of JSON. */
  final(signal?: NodeJS.Signals): Promise<Final>
}

interface QueueCounts { received: number; dropped: number; filtered: number; attached: boolean }
interface StageCounts { seen: number; passed: number; refused: number; dropped: number }
interface Final { final: boolean; seen: number; refused: number; queues: QueueCounts[]; queue: QueueCounts; stages: StageCounts[] }

/** Starts a command that makes a cluster; resolves when its queues are there. */
async function start(...args: string[]): Promise<Job> {
  const child = spawn(SYSRING[0], [...SYSRING.slice(1), ...args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  let errors = ''
  child.stderr!.on('data', chunk => { errors += chunk })
  const closed = once(child, 'close')
  await new Promise<void>((resolve, reject) => {
    child.stdout!.on('data', chunk => { text += chunk; resolve() })
    child.once('close', () => reject(new Error(errors)))
  })
  return {
    child,
    async final(signal) {
      if (signal !== undefined) child.kill(signal)
      const [code] = await closed
      assert.is(code, 0, errors)
      const counts = JSON.parse(text.trimEnd().split('\n').at(-1)!) as Final
      assert.ok(counts.final)
      return counts
    },
  }
}

/** Runs the command as an ordinary user, in a group of the same number, without any capability. */
const as = (uid: number, args: string[], env: NodeJS.ProcessEnv = {}) =>
  run('setpriv', ['--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups', '--inh-caps=-all', '--bounding-set=-all', ...SYSRING, ...args], { env })

const events = (stdout: string) => (JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as { events: number }).events

test('a file over two queues: two processes have all of it together', async () => {
  const name = id()
  const balancer = await start('balance', '-r', TRACE, '-c', name, '-n', '2', '-m', 'pid')
  const counts = await Promise.all([0, 1].map(queue => sysring(['count', '-i', `cluster:${name}@${queue}`, '--json'])))
  for (const { code, stderr } of counts) assert.is(code, 0, stderr)
  const { seen, queues } = await balancer.final()
  assert.is(seen, TRACE_EVENTS)
  assert.equal(counts.map(({ stdout }) => events(stdout)), queues.map(({ received }) => received))
  assert.is(queues.reduce((sum, { received, dropped }) => sum + received + dropped, 0), seen)
})

test('an ordinary user balances where XDG_RUNTIME_DIR is a folder of that user, and else is told so', async () => {
  const name = id()
  const balance = ['balance', '-r', TRACE, '-c', name, '-n', '1', '--json']
  for (const [folder, why] of [[undefined, 'is not set'], ['', 'is not set'], ['/sys/kernel', '/sys/kernel, is not yours']] as const) {
    const { code, stderr } = await as(54321, balance, { XDG_RUNTIME_DIR: folder })
    assert.is(code, 1)
    assert.match(stderr, 'ERR_CAPTURE_PERM')
    assert.match(stderr, why)
    assert.match(stderr, 'export XDG_RUNTIME_DIR=')
  }
  const own = file('run')
  mkdirSync(own)
  chownSync(own, 54321, 54321)
  chmodSync(dirname(own), 0o755)
  const env = { XDG_RUNTIME_DIR: own }
  const balancing = as(54321, balance, env)
  while (!existsSync(join(own, 'sysring', name))) await new Promise(resolve => setTimeout(resolve, 20))
  const { code, stdout, stderr } = await as(54321, ['count', '-i', `cluster:${name}@0`, '--json'], env)
  assert.is(code, 0, stderr)
  assert.is(events(stdout), TRACE_EVENTS)
  assert.is((await balancing).code, 0)
}, { needs: ['setpriv'] })

test('an ordinary user of the group, without any capability, consumes and knows names; another one may not', async () => {
  const name = id()
  const balancer = await start('balance', '-i', 'sysdig', '-c', name, '-n', '1', '--group', '54321')
  const { code, stdout, stderr } = await as(54321, ['dump', '-i', `cluster:${name}@0`, '-n', '1', '-q', '-p', '%proc.name %evt.type %fd.name', 'proc.name = cat and fd.name = /etc/hostname'])
  assert.is(code, 0, stderr)
  assert.match(stdout, /^cat \w+ \/etc\/hostname\n$/)
  const other = await as(54322, ['dump', '-i', `cluster:${name}@0`])
  assert.is(other.code, 1)
  assert.match(other.stderr, 'ERR_CAPTURE_PERM')
  const { stdout: devices } = await sysring(['devices'])
  assert.match(devices, `cluster:${name}@0`)
  const { seen, refused, queues: [{ received, dropped, filtered }] } = await balancer.final('SIGINT')
  assert.is(received + dropped + filtered, seen - refused)
}, { needs: ['setpriv'] })

test('of a balancer that is killed consumers end, with the coded error', async () => {
  const name = id()
  const balancer = await start('balance', '-i', 'sysdig', '-c', name, '-n', '1')
  setTimeout(() => balancer.child.kill('SIGKILL'), 3000)
  const { code, stderr } = await sysring(['count', '-i', `cluster:${name}@0`])
  assert.is(code, 1)
  assert.match(stderr, /sysring: ERR_CAPTURE_PRODUCER: .*\nhint: /)
  assert.not.match((await sysring(['devices'])).stdout, name)
})

test('-w of a queue: a file with names, which sysdig reads', async () => {
  const name = id()
  const balancer = await start('balance', '-r', TRACE, '-c', name, '-n', '1')
  const path = file('queue.scap')
  const { code, stderr } = await sysring(['dump', '-i', `cluster:${name}@0`, '-w', path])
  assert.is(code, 0, stderr)
  const { queues: [{ received }] } = await balancer.final()
  const names = async (from: string) => (await run('sysdig', ['-r', from, '-p', '%evt.type %proc.name %fd.name'])).stdout
  assert.is(received, TRACE_EVENTS)
  assert.is(await names(path), await names(TRACE))
}, { needs: ['sysdig'] })

test('a queue as a stream for tcpdump', async () => {
  const name = id()
  const balancer = await start('balance', '-r', TRACE, '-c', name, '-n', '1')
  const { stdout } = await shell(`$SYSRING dump -q -i cluster:${name}@0 -w - | tcpdump -r - --count`)
  assert.match(stdout, `${(await balancer.final()).queues[0].received} packets`)
}, { needs: ['tcpdump'] })

test('filters and snaplens of single queues', async () => {
  const name = id()
  const balancer = await start('balance', '-r', TRACE, '-c', name, '-n', 'files=1,all=1', '--filter', '0:evt.type = openat', '--snaplen', '1:16')
  const [opens, everything] = await Promise.all([0, 1].map(async queue => {
    const { code, stdout, stderr } = await sysring(['dump', '-q', '-i', `cluster:${name}@${queue}`, '--json'])
    assert.is(code, 0, stderr)
    return stdout.trimEnd().split('\n').map(line => JSON.parse(line) as { 'evt.type': string; 'evt.args': { data?: string } })
  }))
  await balancer.final()
  assert.ok(opens.length > 100)
  assert.equal([...new Set(opens.map(event => event['evt.type']))], ['openat'])
  const lengths = everything.map(event => Buffer.from(event['evt.args'].data ?? '', 'base64').length)
  assert.is(everything.length, TRACE_EVENTS)
  assert.is(Math.max(...lengths), 16)
})

test('pipeline: across processes, and every stage counts to the last record', async () => {
  const [first, second] = [id(), id()]
  const balancer = await start('balance', '-r', TRACE, '-c', first, '-n', '1')
  const chain = await start('pipeline', '-i', `cluster:${first}@0`, '-c', second, `${STAGES}/exits.mjs`, `${STAGES}/tenth.mjs`)
  const path = file('notes.pcapng')
  const { code, stderr } = await sysring(['dump', '-q', '-i', `cluster:${second}@0`, '-w', path])
  assert.is(code, 0, stderr)
  const { seen, stages, queue } = await chain.final()
  assert.is(seen, (await balancer.final()).queues[0].received)
  assert.is(stages[0].seen, seen)
  assert.is(stages[1].seen, stages[0].passed)
  for (const { seen, passed, refused, dropped } of stages) assert.is(seen, passed + refused + dropped)
  assert.is(queue.received, stages[1].passed)
  const { stdout } = await run('tshark', ['-r', path, '-Y', 'frame.comment', '-T', 'fields', '-e', 'frame.comment'])
  const notes = stdout.trimEnd().split('\n')
  assert.equal(notes, Array.from({ length: Math.floor(stages[1].seen / 10) }, (_, i) => `number ${10 * (i + 1)}`))
}, { needs: ['tshark'] })

test('pipeline: a stage that throws is told, and so is the consumer', async () => {
  const { code, stdout, stderr } = await sysring(['pipeline', '-r', TRACE, '-q', `${STAGES}/throws.mjs`])
  assert.is(code, 1)
  assert.match(stderr, 'no more of that')
  assert.match(stdout, '[999 seen][999 passed]')
})

test('bounce: from queue to queue, and out of an interface', async () => {
  const [first, second] = [id(), id()]
  const balancer = await start('balance', '-r', TRACE, '-c', first, '-n', '1')
  const bounce = await start('bounce', '-i', `cluster:${first}@0`, '-o', `cluster:${second}`)
  const net = pair()
  try {
    const judge = await tcpdump(net.near, ['ether', 'proto', '0x88b5'])
    const { code, stdout, stderr } = await run('ip', ['netns', 'exec', net.namespace, ...SYSRING, 'bounce', '-i', `cluster:${second}@0`, '-o', net.far, '--json'])
    assert.is(code, 0, stderr)
    const { out } = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as { out: { sent: number } }
    const { queues: [{ received }] } = await bounce.final()
    assert.is(received, (await balancer.final()).queues[0].received)
    assert.is(out.sent, received)
    assert.is((await judge.packets()).length, received)
  } finally {
    net.remove()
  }
}, { needs: ['ip', 'tcpdump'] })

test('the notes of stages in JSON and in lines', async () => {
  const name = id()
  const chain = await start('pipeline', '-r', TRACE, '-c', name, `${STAGES}/tenth.mjs`)
  const first = await sysring(['dump', '-q', '-n', '2', '-i', `cluster:${name}@0`, '-p', '%evt.type|%evt.note', 'evt.note exists'])
  assert.match(first.stdout, /^\w+\|number \d+\n\w+\|number \d+\n$/)
  const { stdout } = await sysring(['dump', '-q', '-i', `cluster:${name}@0`, '--json', 'evt.note startswith number'])
  const { stages: [{ seen }] } = await chain.final()
  const notes = [...first.stdout.trimEnd().split('\n').map(line => line.split('|')[1]), ...stdout.trimEnd().split('\n').map(line => (JSON.parse(line) as Record<string, string>)['evt.note'])]
  assert.equal(notes, Array.from({ length: Math.floor(seen / 10) }, (_, i) => `number ${10 * (i + 1)}`))
  let shown = 0
  for await (const burst of await openFile(TRACE)) for (const { flags } of burst) if (flags === 0) shown++
  assert.is(seen, shown)
})
