// timeout: 180
/** Devices that are missing, busy, stale, of an unknown version; steps that fail; rings that hold what no driver writes. */
import { mkdirSync } from 'node:fs'
import { constants } from 'node:os'
import * as assert from 'uvu/assert'
import { lineText, open } from '../../lib/index.js'
import type { CaptureError } from '../../lib/errors.js'
import { LEN, NPARAMS } from '../../lib/event/record.js'
import { folder } from '../helpers/folder.js'
import { seeded } from '../helpers/rings.js'
import { type Fault, NEEDS, preload, Standin, type StandinOptions } from './standin/standin.js'
import { suite } from '../helpers/suite.js'
import { type Driver, driver } from './standin/drivers.js'
import type { ProducerRing } from './standin/ring.js'
import { held, ioctls, type LiveCapture, type LiveOptions, made, readOf, rest } from './drive.js'

preload()
const test = suite('kmod, hostile', { needs: NEEDS, timeoutMs: 60_000 })

const { EACCES, EBUSY, EINVAL, EIO, ENXIO, EPERM } = constants.errno
const RING = 1 << 17

async function failure(opening: Promise<LiveCapture>, what = ''): Promise<CaptureError> {
  let capture: LiveCapture
  try {
    capture = await opening
  } catch (error) {
    return error as CaptureError
  }
  await capture.close()
  throw new Error(`it opened: ${what}`)
}

/** What open() says of such a driver; nothing of it may stay behind. */
async function refused(which: Driver, options: StandinOptions, wanted: LiveOptions = {}): Promise<CaptureError> {
  const standin = new Standin(which, { ringBytes: RING, ...options })
  const error = await failure(open('sysdig:kmod', wanted), JSON.stringify(options))
  assert.equal(held(standin), [])
  const log = standin.log()
  assert.is(log.filter(({ call }) => call === 'release').length, log.filter(({ call, result }) => call === 'open' && result === 0).length, 'what was opened is closed')
  assert.ok(error.hint.length > 10, `no hint: ${error.message}`)
  standin.remove()
  return error
}

test('no device nodes', async () => {
  const { path } = folder()
  mkdirSync(path, { recursive: true })
  process.env.STANDIN = path
  assert.is((await failure(open('sysdig:kmod'))).code, 'ERR_CAPTURE_NO_PROBE')
})

test('devices that cannot be opened, by the reason', async () => {
  for (const [errno, code] of [[EACCES, 'ERR_CAPTURE_PERM'], [EPERM, 'ERR_CAPTURE_PERM'], [EBUSY, 'ERR_CAPTURE_BUSY'], [ENXIO, 'ERR_CAPTURE_NO_PROBE']] as const) {
    for (const cpu of [undefined, 0, 1]) {
      const error = await refused(driver('2.0.0'), { faults: [{ step: 'open', cpu, errno }] })
      if (cpu === undefined || errno !== ENXIO) assert.is(error.code, code, `errno ${errno} on ${cpu ?? 'every CPU'}: ${error.message}`)
      // Nothing behind one of them: there is a driver, or there is none.
      else assert.match(error.code, /^ERR_CAPTURE_NO_(PROBE|DEVICE)$/)
    }
  }
})

test('the node of a CPU that is online is missing', async () => {
  for (const cpus of ['+?+', '?++', '++?']) {
    const error = await refused(driver('9.1.0'), { cpus })
    assert.is(error.code, 'ERR_CAPTURE_NO_DEVICE', `${cpus}: ${error.message}`)
    assert.match(`${error.message} ${error.hint}`, `/dev/scap${cpus.indexOf('?')}`)
  }
})

test('offline CPUs are passed over, also the first', async () => {
  for (const cpus of ['-+', '+-', '+--+', '--++']) {
    const standin = new Standin(driver('10.2.0'), { ringBytes: RING, cpus })
    const capture = await open('sysdig:kmod')
    assert.equal(capture.stats().perCpu.map(({ cpu }) => cpu), standin.online, cpus)
    await capture.close()
    assert.equal(held(standin), [])
    standin.remove()
  }
})

test('versions from the future, and from between, are refused by name', async () => {
  for (const [api, schema, named] of [['11.0.0', '4.5.1', '11.0.0'], ['10.1.0', '5.0.0', '5.0.0'], ['12.3.4', '9.8.7', '12.3.4'], ['500.0.0', '500.1.2', '500.0.0']]) {
    const error = await refused({ ...driver('10.2.0'), api, schema }, {})
    assert.is(error.code, 'ERR_CAPTURE_VERSION', error.message)
    assert.ok(error.message.includes(named), error.message)
  }
  const standin = new Standin({ ...driver('10.2.0'), api: '10.9.9', schema: '4.99.1' }, { ringBytes: RING })
  const capture = await open('sysdig:kmod')
  await capture.close()
  standin.remove()
})

test('as many captures as there are places, then ERR_CAPTURE_BUSY; each is a consumer of its own', async () => {
  for (const [version, places] of [['0.1.97', 1], ['0.1.99', 5], ['10.2.0', 5]] as const) {
    const which = driver(version)
    const standin = new Standin(which, { ringBytes: RING })
    const captures: LiveCapture[] = []
    for (let i = 0; i < places; i++) captures.push(await open('sysdig:kmod'))
    const error = await failure(open('sysdig:kmod'))
    assert.is(error.code, 'ERR_CAPTURE_BUSY', error.message)
    assert.ok(error.hint.length > 10)
    await captures.pop()!.close()
    captures.push(await open('sysdig:kmod'))
    await Promise.all(captures.map(capture => capture.close()))
    assert.equal(held(standin), [])
    standin.remove()
  }
})

test('two captures at once each get every record, and give back room of their own', async () => {
  const which = driver('7.3.0')
  const standin = new Standin(which, { ringBytes: RING })
  const captures = [await open('sysdig:kmod', { includeSelf: true }), await open('sysdig:kmod', { includeSelf: true, syscalls: ['read'] })]
  const expected: Buffer[] = []
  const got: Buffer[][] = [[], []]
  const produce = () => {
    for (let i = 0; i < 40; i++) {
      const bytes = readOf(which, Buffer.alloc(500, i))
      assert.is(standin.hit(i & 1, { bytes, syscall: 0 }), 2)
      expected.push(bytes)
    }
    standin.hit(0, { bytes: made(which, { type: 'PPME_SYSCALL_CLOSE_X', params: [0] }), syscall: 3 })
  }
  produce()
  let rounds = 1
  await Promise.all(captures.map(async (capture, index) => {
    for await (const burst of capture) {
      for (const ev of burst) if (ev.is('read')) got[index].push(Buffer.from(ev.record.copy()))
      if (index === 0 && ++rounds < 10) produce()
      if (rounds >= 10) {
        captures[0].stop()
        captures[1].stop()
      }
    }
  }))
  for (const records of got) assert.ok(Buffer.concat(records).equals(Buffer.concat(expected)), `${records.length} of ${expected.length}`)
  assert.equal(captures.map(capture => capture.stats().delivered - expected.length), [9, 0])
  assert.equal(held(standin), [])
  standin.remove()
})

test('open(sysdig) takes the module where it is there, whatever its devices are called', async () => {
  for (const device of ['scap', 'sysdig', 'falco']) {
    const standin = new Standin(driver('5.1.0'), { ringBytes: RING, device })
    const capture = await open('sysdig')
    assert.is(standin.consumer().open.length, 2)
    await capture.close()
    assert.equal(held(standin), [])
    standin.remove()
  }
})

for (const version of ['0.1.72', '0.27.1', '3.0.1', '4.0.1', '10.2.0']) {
  test(`${version}: a step that fails ends the opening, and nothing stays open`, async () => {
    const which = driver(version)
    const few = { syscalls: ['read', 'openat'] }
    const standin = new Standin(which, { ringBytes: RING })
    await (await open('sysdig:kmod', few)).close()
    const log = standin.log()
    standin.remove()
    // Every step that worked once fails in its turn: the mappings on both CPUs, and each ioctl of a setting.
    const firstMap = log.findIndex(({ call }) => call === 'mmap')
    const numbers = new Set(ioctls(log.slice(firstMap)).filter(({ result }) => result === 0).map(({ nr }) => nr))
    // Stopping is no part of opening. MASK_SET_EVENT is refused before that, to find out how many events there are.
    for (const other of [0, 6, 30, 32]) numbers.delete(other)
    const faults: Fault[] = [
      ...[0, 1].flatMap(cpu => [{ step: 'mmap', cpu, nr: 0, errno: EIO }, { step: 'mmap', cpu, nr: 1, errno: EIO }] as const),
      { step: 'open', cpu: 1, errno: EIO },
      ...[...numbers].map(nr => ({ step: 'ioctl', cpu: 0, nr, errno: EINVAL }) as const),
    ]
    for (const fault of faults) {
      const error = await refused(which, { faults: [fault] }, few)
      assert.match(error.code, /^ERR_CAPTURE_/, `${fault.step} ${fault.nr ?? ''}: ${error}`)
    }
  })
}

/** Ways in which memory can differ from what the driver writes: each gets a ring with one good record in it. */
const TEARS: Record<string, (ring: ProducerRing, bytes: Buffer) => void> = {
  'the head is ahead of the record': (ring, bytes) => {
    ring.write(ring.head, bytes)
    ring.head += bytes.length - 5
  },
  'the head is ahead of the header': (ring, bytes) => {
    ring.write(ring.head, bytes)
    ring.head += 11
  },
  'nothing was written, but the head moved': (ring, bytes) => { ring.head += bytes.length },
  'a length of 0': (ring, bytes) => {
    bytes.writeUInt32LE(0, LEN)
    ring.produce(bytes)
  },
  'a length below the header': (ring, bytes) => {
    bytes.writeUInt32LE(21, LEN)
    ring.produce(bytes)
  },
  'a length beyond the head': (ring, bytes) => {
    bytes.writeUInt32LE(bytes.length + 1, LEN)
    ring.produce(bytes)
  },
  'a length beyond the ring': (ring, bytes) => {
    bytes.writeUInt32LE(0x7fff_ffff, LEN)
    ring.produce(bytes)
  },
  'a negative length': (ring, bytes) => {
    bytes.writeInt32LE(-64, LEN)
    ring.produce(bytes)
  },
  'parameters beyond the record': (ring, bytes) => {
    bytes.writeUInt16LE(500, ring.driver.header + 2)
    ring.produce(bytes)
  },
  'the head is the size of the ring': (ring) => { ring.head = ring.size },
  'the head is far outside': (ring) => { ring.head = 0xffff_fff0 },
}

for (const version of ['0.1.72', '0.1.97', '0.27.1', '4.0.1', '10.2.0']) {
  for (const [name, tear] of Object.entries(TEARS)) {
    test(`${version}: ${name}`, async () => {
      const which = driver(version)
      const standin = new Standin(which, { ringBytes: RING })
      const capture = await open('sysdig:kmod', { includeSelf: true, maxDurationMs: 2000 })
      const ring = standin.ring(1)
      ring.produce(readOf(which, Buffer.from('good')))
      tear(ring, readOf(which, Buffer.from('torn data, torn data')))
      try {
        for await (const burst of capture) for (const ev of burst) assert.is(ev.param(1)!.toString(), 'good')
        assert.unreachable('it went on')
      } catch (error) {
        assert.is((error as CaptureError).code, 'ERR_CAPTURE_FORMAT', String(error))
      }
      assert.equal(held(standin), [])
      const { seen, delivered, dropped, filtered, pending } = capture.stats()
      if (!name.startsWith('the head is the size') && !name.startsWith('the head is far')) assert.is(delivered, 1, 'what came before is delivered')
      assert.is(seen, delivered + dropped.total + filtered + pending)
      standin.remove()
    })
  }
}

test('26-byte headers: more parameters than the record has room for', async () => {
  const which = driver('10.2.0')
  for (const nparams of [3, 1000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
    const standin = new Standin(which, { ringBytes: RING })
    const capture = await open('sysdig:kmod', { includeSelf: true, maxDurationMs: 5000 })
    const bytes = readOf(which, Buffer.from('data'))
    bytes.writeUInt32LE(nparams, NPARAMS)
    // Neither zeros as further lengths nor the next record's bytes may make it look whole.
    standin.ring(0).produce(bytes)
    standin.ring(0).produce(readOf(which, Buffer.alloc(64, 0xff)))
    const error = await rest(capture, ev => void [...ev.record.copy()]).then(() => undefined, (thrown: CaptureError) => thrown)
    if (nparams > 3) assert.is(error?.code, 'ERR_CAPTURE_FORMAT', `${nparams}: ${error}`)
    await capture.close()
    standin.remove()
  }
})

test('rubbish: an error or the end, in time, and never a crash', async () => {
  const random = seeded(31)
  const outcomes = { whole: 0, ERR_CAPTURE_FORMAT: 0 }
  for (let round = 0; round < 240; round++) {
    const which = [driver('0.1.72'), driver('0.1.85'), driver('3.0.1'), driver('10.2.0')][round % 4]
    const standin = new Standin(which, { ringBytes: RING })
    const capture = await open('sysdig:kmod', { includeSelf: true, syscalls: ['read'], tracepoints: [], maxDurationMs: 3000 })
    for (const cpu of [0, 1]) {
      const ring = standin.ring(cpu)
      if (round % 8 < 4) {
        // good records with a few bytes changed
        for (let i = 0; i < 20; i++) {
          const bytes = readOf(which, Buffer.alloc(random(300), i))
          if (random(40) === 0) for (let flips = random(4); flips > 0; flips--) bytes[random(Math.min(bytes.length, 40))] ^= 1 << random(8)
          ring.produce(bytes)
        }
      } else {
        ring.write(0, Buffer.from(Uint8Array.from({ length: 4096 }, () => random(2) * random(random(256) + 1))))
        ring.head = random(8) === 0 ? random(0x1_0000_0000) : random(4096)
      }
      if (random(3) === 0) ring.count('n_drops_buffer', random(1 << 30))
    }
    let events = 0
    try {
      await rest(capture, (ev) => {
        if (++events > 10_000) assert.unreachable('more events than the bytes can hold')
        lineText(ev)
        ev.record.copy()
        JSON.stringify(ev.name)
        for (let i = 0; i < Math.min(ev.nparams, 50); i++) ev.param(i)!.copy()
      })
      outcomes.whole++
    } catch (error) {
      assert.is((error as CaptureError).code, 'ERR_CAPTURE_FORMAT', `round ${round}: ${(error as Error).stack}`)
      outcomes.ERR_CAPTURE_FORMAT++
    }
    assert.equal(held(standin), [], `round ${round}`)
    standin.remove()
  }
  assert.ok(outcomes.whole > 5 && outcomes.ERR_CAPTURE_FORMAT > 50, JSON.stringify(outcomes))
}, { timeoutMs: 120_000 })

