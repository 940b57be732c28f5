/** The stand-in keeps the module's rules: a C program makes the calls, the test is the kernel on the other side. */
import { execFileSync, spawn } from 'node:child_process'
import { constants as fs } from 'node:fs'
import { constants as os } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import * as assert from 'uvu/assert'
import { folder } from '../helpers/folder.js'
import { ROOT, run } from '../helpers/run.js'
import { buildStandin, NEEDS, Standin, type StandinOptions } from './standin/standin.js'
import { suite } from '../helpers/suite.js'
import { type Driver, driver, DRIVERS, packed } from './standin/drivers.js'

const test = suite('stand-in', { needs: NEEDS })

const { path: home, file } = folder()
let library = ''
test.before(() => {
  library = buildStandin()
  execFileSync('cc', ['-O1', '-Wall', '-pthread', '-o', file('calls'), join(ROOT, 'test/kmod/standin/calls.c')], { cwd: home })
})

const { EBUSY, EINVAL, EIO, ENODEV, ENOENT, ENOTTY, EACCES, ENXIO } = os.errno
const READ = 1
const WRITE = 2
const PAGE = 4096

type Do = (line: string) => Promise<number>
async function calls(which: Driver, options: StandinOptions, body: (call: Do, standin: Standin) => Promise<void>): Promise<void> {
  const standin = new Standin(which, options)
  const child = spawn(file('calls'), { env: { ...process.env, LD_PRELOAD: library }, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  try {
    await body(async (line) => {
      child.stdin.write(`${line}\n`)
      return Number((await lines.next()).value)
    }, standin)
  } finally {
    child.stdin.end()
    await new Promise(done => child.once('close', done))
    standin.remove()
  }
}
const node = (which: Driver, cpu: number) => `/dev/${which.device}${cpu}`

for (const which of DRIVERS) {
  test(`${which.version}: devices, memory, ioctls`, () => calls(which, { cpus: '++-', ringBytes: 1 << 17 }, async (call, standin) => {
    const size = which.ring === 0 ? 1 << 17 : which.ring
    const fd = await call(`open ${node(which, 0)} ${fs.O_RDWR}`)
    const other = await call(`open ${node(which, 1)} ${fs.O_RDONLY}`)
    assert.ok(fd > 2 && other > fd, `${fd} ${other}`)
    assert.is(await call(`open ${node(which, 2)} 0`), which.onlineOnly === true ? -ENOENT : -ENODEV)
    assert.is(await call(`open ${node(which, 3)} 0`), -ENOENT)
    assert.is(await call(`open ${node(which, 0)} 0`), -EBUSY)

    // one mapping of the data shows it twice; only reading, only of that length, only from its start
    assert.is(await call(`mmap ${fd} ${2 * size} ${READ | WRITE} 0`), -EIO)
    assert.is(await call(`mmap ${fd} ${size} ${READ} 0`), -EIO)
    assert.is(await call(`mmap ${fd} ${4 * size} ${READ} 0`), -EIO)
    assert.is(await call(`mmap ${fd} ${PAGE} ${READ} ${PAGE}`), -EIO)
    assert.is(await call(`mmap ${fd} 0 ${READ} 0`), -EINVAL)
    assert.is(await call(`mmap ${other} ${PAGE} ${READ | WRITE} 0`), -EACCES)
    const data = await call(`mmap ${fd} ${2 * size} ${READ} 0`)
    const info = await call(`mmap ${fd} 48 ${READ | WRITE} 0`)
    standin.ring(0).write(size - 2, Buffer.from([11, 12, 13]))
    for (const [at, byte] of [[size - 2, 11], [size - 1, 12], [size, 13], [2 * size - 1, 12], [0, 13]]) assert.is(await call(`peek ${data} ${at}`), byte)
    standin.ring(0).head = 77
    assert.is(await call(`peek ${info} 0`), 77)
    await call(`poke ${info} 4 33`)
    assert.is(standin.ring(0).tail, 33)

    for (let nr = 0; nr < 40; nr++) {
      if ([21, 24, 25, 27].includes(nr)) continue // these write
      assert.is(await call(`ioctl ${fd} ${nr} 4`) === -ENOTTY, !which.ioctls.has(nr), `ioctl ${nr}`)
    }
    if (which.api !== undefined) {
      assert.is(await call(`get ${fd} 24`), Number(packed(which.api)))
      assert.is(await call(`get ${other} 25`), Number(packed(which.schema!)))
    }

    // closed, but mapped: still open for the driver
    assert.is(await call(`close ${fd}`), 0)
    assert.is(await call(`open ${node(which, 0)} 0`), -EBUSY)
    await call(`munmap ${data}`)
    assert.is(await call(`open ${node(which, 0)} 0`), -EBUSY)
    await call(`munmap ${info}`)
    assert.ok(await call(`open ${node(which, 0)} 0`) > 2)
    assert.is(standin.ring(0).head, 0, 'an opened ring is empty')
    assert.is(standin.ring(0).tail, 0)
  }))
}

test('each thread that opens is a consumer of its own, up to max_consumers', () => calls(driver('10.2.0'), { maxConsumers: 3 }, async (call, standin) => {
  const fd = await call('open /dev/scap0 0')
  const second = await call('thread open /dev/scap0 0')
  assert.ok(await call('thread open /dev/scap1 0') > second)
  assert.is(await call('thread open /dev/scap0 0'), -EBUSY)
  assert.ok(await call('open /dev/scap1 0') > 0, 'the first consumer is one already')
  assert.equal(standin.consumers().map(id => standin.consumer(id).open), [[0, 1], [0], [1]])
  await call(`close ${second}`)
  assert.ok(await call('thread open /dev/scap0 0') > 0, 'its place is free again')
  // settings go to the consumer of the descriptor, whoever makes the call
  assert.is(await call(`thread ioctl ${fd} 4 1234`), 0)
  assert.is(standin.consumer(standin.consumers()[0]).snaplen, 1234)
  assert.is(standin.consumer().snaplen, 80)
}))

test('before 0.1.99 there is one consumer, from whatever threads', () => calls(driver('0.1.97'), {}, async (call, standin) => {
  assert.ok(await call('open /dev/sysdig0 0') > 0)
  assert.is(await call('thread open /dev/sysdig0 0'), -EBUSY)
  assert.ok(await call('thread open /dev/sysdig1 0') > 0)
  assert.equal(standin.consumers().length, 1)
  assert.equal(standin.consumer().enabled, [0, 1])
}))

test('the next open takes the settings back', () => calls(driver('2.0.0'), {}, async (call, standin) => {
  const fd = await call('open /dev/scap0 0')
  assert.is(await call(`ioctl ${fd} 5 0`), 0)
  assert.is(await call(`ioctl ${fd} 6 7`), 0)
  assert.is(await call(`ioctl ${fd} 6 368`), -EINVAL)
  assert.is(await call(`ioctl ${fd} 4 65001`), -EINVAL)
  assert.is(await call(`ioctl ${fd} 4 65000`), 0)
  assert.is(await call(`ioctl ${fd} 1 0`), 0)
  let { mask, snaplen, enabled } = standin.consumer()
  assert.equal({ mask, snaplen, enabled }, { mask: [7, 148, 149], snaplen: 65_000, enabled: [0] })
  await call('open /dev/scap1 0')
  ;({ mask, snaplen, enabled } = standin.consumer())
  assert.is(mask.length, 368)
  assert.equal({ snaplen, enabled }, { snaplen: 80, enabled: [0] })
}))

test('from 5.0 on nothing is recorded before ENABLE_SYSCALL and ENABLE_TP; 4.0 has all calls and no tracepoint', async () => {
  await calls(driver('5.0.1'), {}, async (call, standin) => {
    const fd = await call('open /dev/scap0 0')
    const hit = { bytes: Buffer.alloc(26, 1), syscall: 257, tracepoint: 'sys_exit' } as const
    assert.is(standin.hit(0, hit), 0)
    assert.is(await call(`ioctl ${fd} 29 257`), 0)
    assert.is(await call(`ioctl ${fd} 29 512`), -EINVAL)
    assert.is(standin.hit(0, hit), 0)
    assert.is(await call(`ioctl ${fd} 31 9`), -EINVAL)
    assert.is(await call(`ioctl ${fd} 31 1`), 0)
    assert.is(standin.hit(0, hit), 1)
    assert.is(standin.hit(0, { ...hit, syscall: 1 }), 0)
    assert.is(standin.hit(0, { ...hit, tracepoint: 'sys_enter' }), 0)
  })
  await calls(driver('4.0.1'), {}, async (call, standin) => {
    const fd = await call('open /dev/scap0 0')
    assert.is(standin.consumer().mask.length, 512)
    assert.is(standin.consumer().tps, 0)
    assert.is(await call(`ioctl ${fd} 26 3`), 0)
    assert.is(await call(`get ${fd} 27`), 3)
    assert.is(await call(`ioctl ${fd} 28 0`), 0)
    assert.equal(standin.consumer().mask, [])
  })
})

test('steps fail when the test wants it', () => calls(driver('9.0.0'), {}, async (call, standin) => {
  standin.fail({ step: 'open', cpu: 1, errno: ENXIO }, { step: 'mmap', nr: 1, errno: EIO }, { step: 'ioctl', nr: 4, cpu: 0, errno: EINVAL })
  assert.is(await call('open /dev/scap1 0'), -ENXIO)
  const fd = await call('open /dev/scap0 0')
  assert.is(await call(`mmap ${fd} ${PAGE} ${READ} 0`), -EIO)
  assert.is(await call(`ioctl ${fd} 4 80`), -EINVAL)
  standin.fail()
  assert.is(await call(`ioctl ${fd} 4 80`), 0)
}))

test('the ring obeys the driver’s arithmetic', () => calls(driver('3.0.1'), { ringBytes: 1 << 14 }, async (call, standin) => {
  const fd = await call('open /dev/scap0 0')
  assert.is(await call(`mmap ${fd} ${PAGE} ${READ} 0`), 0, 'reading is enough to look at the counters')
  const ring = standin.ring(0)
  const size = 1 << 14
  const record = Buffer.alloc(1000)
  let made = 0
  while (ring.produce(record, 'open_exit')) made++
  assert.is(made, Math.floor((size - 1) / 1000))
  assert.is(ring.counter('n_evts'), BigInt(made + 1))
  assert.is(ring.counter('n_drops_buffer'), 1n)
  assert.is(ring.counter('open_exit'), 1n)
  assert.is(ring.head, made * 1000)
  // One byte short of full is full.
  assert.ok(ring.produce(Buffer.alloc(size - 1 - made * 1000)))
  assert.is(ring.room().free, 0)
  assert.is(ring.head, size - 1)
  assert.not(ring.produce(Buffer.alloc(1), 'open_exit'))
  assert.is(ring.counter('open_exit'), 1n, 'nothing fits, so nobody knows what it was')
}))

test('a record that would run more than two pages over the end is dropped, room or not', () => calls(driver('10.2.0'), { ringBytes: 1 << 16 }, async (call, standin) => {
  await call('open /dev/scap0 0')
  const ring = standin.ring(0)
  assert.ok(ring.produce(Buffer.alloc(60_000)))
  // all of it is read
  const info = await call(`mmap ${await call('open /dev/scap1 2')} ${PAGE} ${READ | WRITE} 0`)
  assert.is(info, 0)
  assert.is(ring.room().contiguous, (1 << 16) - 60_000 - 1)
  const other = standin.ring(1)
  other.head = 60_000
  await call(`poke 0 4 ${60_000 & 0xff}`)
  await call(`poke 0 5 ${60_000 >> 8}`)
  assert.equal(other.room(), { free: (1 << 16) - 1, contiguous: (1 << 16) + 2 * PAGE - 60_000 - 1 })
  assert.not(other.produce(Buffer.alloc(20_000), 'open_exit'))
  assert.is(other.counter('open_exit'), 1n)
  assert.ok(other.produce(Buffer.alloc(13_000)))
  assert.is(other.head, 73_000 - (1 << 16))
}))

test('everything else passes through: a large Node program runs as ever', async () => {
  const standin = new Standin(driver('10.2.0'))
  const env = { LD_PRELOAD: library }
  const tsc = ['node_modules/typescript/bin/tsc', '--version']
  const [bare, preloaded] = [await run(process.execPath, tsc), await run(process.execPath, tsc, { env })]
  assert.is(preloaded.stderr, '')
  assert.is(preloaded.stdout, bare.stdout)
  const program = `
    import { createHash } from 'node:crypto'
    import { readdirSync, readFileSync, openSync } from 'node:fs'
    import { Worker } from 'node:worker_threads'
    const files = readdirSync('lib', { recursive: true, withFileTypes: true }).filter(e => e.isFile()).map(e => e.parentPath + '/' + e.name)
    const hash = createHash('sha1')
    for (const file of files) hash.update(readFileSync(file))
    await new Promise(done => new Worker('setTimeout(() => {}, 10)', { eval: true }).once('exit', done))
    console.log(files.length > 50, hash.digest('hex').length, readFileSync('/proc/self/stat').length > 0, openSync('/dev/null') > 2)`
  const script = await run(process.execPath, ['--input-type=module', '-e', program], { env })
  assert.is(script.stderr, '')
  assert.is(script.stdout, 'true 40 true true\n')
  // Devices of the three names are the stand-in's alone; of /sys it answers what it has.
  const asked = await run('cat', ['/sys/devices/system/cpu/possible', '/sys/module/scap/version', '/sys/devices/system/cpu/cpu1/online'], { env })
  assert.is(asked.stdout, '0-1\n10.2.0+driver\n1\n')
  assert.is((await run('cat', ['/dev/sysdig0'], { env })).code, 1)
  assert.equal(standin.log(), [])
  assert.is((await run(process.execPath, ['-e', 'fs.openSync("/dev/scap1")'], { env })).code, 0)
  assert.equal(standin.log().map(({ call, cpu, result }) => ({ call, cpu, result })), [{ call: 'open', cpu: 1, result: 0 }])
  standin.remove()
})
