/** What a capture asks of a driver, and what it leaves out by itself because the driver cannot. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { open } from '../../lib/index.js'
import { NEEDS, preload, Standin } from './standin/standin.js'
import { suite } from '../helpers/suite.js'
import { driver, DRIVERS, eventsNamed, sharesMask, TRACEPOINT } from './standin/drivers.js'
import { made, names, READ, rest, TID, withCapture } from './drive.js'

preload()
const test = suite('kmod, filters', { needs: NEEDS })

async function code(opening: Promise<unknown>): Promise<string> {
  try {
    await opening
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'opened'
}

/** The driver's own number of getppid, which never had an event of its own. */
const PPM_SC_GETPPID = 41
const OPENAT = 257
const WRITE = 1
const EXECVE = 59
// Those between them have the same masks.
const events = ['0.1.85', '0.1.101', '0.22.0', '0.27.1', '0.1.1dev', '3.0.1'].map(driver)
const syscalls = ['4.0.1', '5.0.1', '7.0.0', '9.0.0', '10.2.0'].map(driver)

for (const which of events) {
  const few = { includeSelf: true, syscalls: ['openat', 'read'], tracepoints: [] }
  test(`${which.version}: system calls are masked by their events`, () => withCapture(which, few, async (capture, standin) => {
    const { mask } = standin.consumer()
    for (const type of [...eventsNamed('openat', which), ...eventsNamed('read', which), 148, 149]) assert.ok(mask.includes(type), `${type} is wanted`)
    for (const name of ['write', 'open', 'execve', 'clone', 'procexit', 'switch', 'page_fault', 'signaldeliver', 'close', 'socket']) {
      for (const type of eventsNamed(name, which)) assert.not(mask.includes(type), `${name} (${type}) is not`)
    }
    // Both have events of their own in every release with a mask.
    assert.not(mask.includes(0) || mask.includes(1), 'generic events')
    assert.is(standin.hit(0, { bytes: made(which, { type: 'PPME_SYSCALL_WRITE_X', params: [1, 'x'] }), syscall: WRITE }), 0)
    assert.is(standin.hit(0, { bytes: made(which, { type: 'PPME_SYSCALL_READ_X', params: [1, 'x'] }), syscall: READ }), 1)
    assert.equal(await names(capture), ['read <'])
    assert.is(capture.stats().seen, 1)
  }))

  test(`${which.version}: calls without an event of their own come as generic ones, and the others of those are left out`, () => {
    const params = (ppmSc: number) => [ppmSc, 9]
    return withCapture(which, { includeSelf: true, syscalls: ['getppid'], tracepoints: [] }, async (capture, standin) => {
      const { mask } = standin.consumer()
      assert.equal(mask.filter(type => type !== 244 && type !== 148 && type !== 149), [0, 1])
      const [wanted, unwanted] = [PPM_SC_GETPPID, PPM_SC_GETPPID + 1]
      for (const ppmSc of [wanted, unwanted]) {
        assert.is(standin.hit(0, { bytes: made(which, { type: 'PPME_GENERIC_E', params: params(ppmSc) }), syscall: 110 }), 1)
        assert.is(standin.hit(1, { bytes: made(which, { type: 'PPME_GENERIC_X', params: params(ppmSc).slice(0, 1) }), syscall: 110 }), 1)
      }
      assert.equal(await names(capture), ['getppid >', 'getppid <'])
      const { seen, delivered, filtered, pending } = capture.stats()
      assert.equal({ seen, delivered, filtered, pending }, { seen: 4, delivered: 2, filtered: 2, pending: 0 })
    })
  })

  // Nothing is asked of a mask that others see too, unless few calls are wanted.
  if (sharesMask(which)) {
    test(`${which.version}: the mask is left to the others, or given back to them`, async () => {
      await withCapture(which, {}, async (_, standin) => { assert.is(standin.consumer().mask.length, which.eventMax) })
      if (which.single === true) return
      await withCapture(which, {}, async (_, standin) => {
        const [other] = standin.consumers()
        const few = await open('sysdig:kmod', { syscalls: ['read'] })
        assert.ok(standin.consumer(other).mask.length < 30)
        await few.close()
        assert.is(standin.consumer(other).mask.length, which.eventMax)
        if (!which.ioctls.has(19)) return
        standin.fail({ step: 'ioctl', cpu: 0, nr: 19, errno: 22 })
        assert.is(await code(open('sysdig:kmod', { syscalls: ['read'], tracepoints: ['page_fault'] })), 'ERR_CAPTURE_OPTION')
        assert.is(standin.consumer(other).mask.length, which.eventMax, 'also by one that did not get to capture')
      })
    })
    continue
  }

  test(`${which.version}: tracepoints are masked by their events`, async () => {
    for (const [tracepoint, event] of [['procexit', 'procexit'], ['switch', 'switch'], ['signaldeliver', 'signaldeliver'], ['page_fault', 'page_fault']] as const) {
      const codes = eventsNamed(event, which).filter(type => (type & 1) === 0)
      if (codes.length === 0) continue
      await withCapture(which, { includeSelf: true, tracepoints: [tracepoint] }, async (_, standin) => {
        const { mask, pageFaults } = standin.consumer()
        assert.ok(codes.some(type => mask.includes(type)), `${event} is wanted`)
        for (const other of ['procexit', 'switch', 'signaldeliver', 'page_fault'].filter(name => name !== event)) {
          for (const type of eventsNamed(other, which)) assert.not(mask.includes(type), `${other} (${type}) is not`)
        }
        if (which.ioctls.has(19)) assert.is(pageFaults, Number(tracepoint === 'page_fault'))
      })
    }
  })
}

for (const which of syscalls) {
  const both = !which.schema!.startsWith('4.')

  const few = { includeSelf: true, syscalls: ['openat', 'getppid'], tracepoints: [] }
  test(`${which.version}: system calls are masked by number`, () => withCapture(which, few, async (capture, standin) => {
    const { mask, tps } = standin.consumer()
    assert.equal(mask, [110, OPENAT])
    assert.is(tps & ~(1 << TRACEPOINT.sched_process_exec), both ? 3 : tps & 3, 'no tracepoint but those of system calls')
    assert.ok(tps & 2)
    assert.is(standin.hit(0, { bytes: made(which, { type: 'PPME_SYSCALL_READ_X', params: [1, 'x'] }), syscall: READ }), 0)
    assert.is(standin.hit(1, { bytes: made(which, { type: 'PPME_SYSCALL_OPENAT_2_X', params: [3, 0, '/x', 1, 2] }), syscall: OPENAT }), 1)
    assert.is(standin.hit(0, { bytes: made(which, { type: 'PPME_GENERIC_X', params: [PPM_SC_GETPPID, 110] }), syscall: 110 }), 1)
    assert.equal(await names(capture), ['openat <', 'getppid <'])
  }))

  test(`${which.version}: each tracepoint is one`, async () => {
    for (const [tracepoint, bits] of [
      ['procexit', 1 << TRACEPOINT.sched_process_exit], ['switch', 1 << TRACEPOINT.sched_switch], ['signaldeliver', 1 << TRACEPOINT.signal_deliver],
      ['page_fault', (1 << TRACEPOINT.page_fault_user) | (1 << TRACEPOINT.page_fault_kernel)],
    ] as const) {
      await withCapture(which, { includeSelf: true, tracepoints: [tracepoint], syscalls: [] }, async (_, standin) => {
        const { tps } = standin.consumer()
        assert.is(tps & bits, bits)
        assert.is(tps & 0b1111100 & ~bits, 0, `${tracepoint}: ${tps.toString(2)}`)
      })
    }
  })
}

for (const version of ['9.0.0', '10.2.0']) {
  test(`${version}: the few enter events of a driver that gives exit events are not for the user`, () => withCapture(driver(version), { includeSelf: true }, async (capture, standin) => {
    const openat = 257
    for (const type of ['PPME_SYSCALL_OPENAT_2_E', 'PPME_SYSCALL_OPENAT_2_X'] as const) {
      standin.hit(0, { bytes: made(standin.driver, { type, params: [] }), syscall: openat })
    }
    assert.equal(await names(capture), ['openat <'])
    assert.is(capture.stats().filtered, 1)
  }))
}

test('10.2.0: an execve that succeeds comes from a tracepoint that no mask holds back', async () => {
  const which = driver('10.2.0')
  const execve = { bytes: made(which, { type: 'PPME_SYSCALL_EXECVE_19_X', params: [0, 'sh', ['-c']] }), tracepoint: 'sched_process_exec' } as const
  await withCapture(which, { includeSelf: true, syscalls: ['execve'] }, async (capture, standin) => {
    assert.ok(standin.consumer().mask.includes(EXECVE))
    assert.is(standin.hit(0, execve), 1)
    assert.equal(await names(capture), ['execve <'])
  })
  await withCapture(which, { includeSelf: true, syscalls: ['openat'] }, async (capture, standin) => {
    standin.hit(0, execve)
    assert.equal(await names(capture), [])
    const { seen, delivered, filtered, pending } = capture.stats()
    assert.is(seen, delivered + filtered + pending)
  })
})

for (const version of ['0.1.72', '0.1.85', '2.0.0', '7.3.0', '10.2.0']) {
  const which = driver(version)
  const read = (tid: number) => ({ bytes: made(which, { type: 'PPME_SYSCALL_READ_X', tid, params: [1, 'x'] }), syscall: READ })

  test(`${version}: this process is left out, and counted`, () => withCapture(which, {}, async (capture, standin) => {
    for (const tid of [TID, process.pid, TID + 1, process.pid]) standin.hit(0, read(tid))
    const tids: number[] = []
    await rest(capture, ev => void tids.push(ev.tid))
    assert.equal(tids, [TID, TID + 1])
    const { seen, delivered, filtered, pending, perCpu } = capture.stats()
    assert.equal({ seen, delivered, filtered, pending }, { seen: 4, delivered: 2, filtered: 2, pending: 0 })
    assert.equal(perCpu.map(each => each.filtered), [2, 0])
  }))

  test(`${version}: pids of others, allowed and denied`, async () => {
    const all = [TID, TID + 1, TID + 2]
    for (const [pids, expected] of [[{ allow: [TID, TID + 2] }, [TID, TID + 2]], [{ deny: [TID] }, [TID + 1, TID + 2]]] as const) {
      await withCapture(which, { includeSelf: true, pids }, async (capture, standin) => {
        for (const tid of all) standin.hit(1, read(tid))
        const tids: number[] = []
        await rest(capture, ev => void tids.push(ev.tid))
        assert.equal(tids, expected)
        assert.is(capture.stats().filtered, all.length - expected.length)
      })
    }
  })
}

test('events: exit is refused where the driver makes both, and both where it makes exit events only', async () => {
  for (const which of DRIVERS) {
    const both = !(which.schema ?? '1').startsWith('4.')
    const standin = new Standin(which, { ringBytes: 1 << 17 })
    assert.is(await code(open('sysdig:kmod', { events: both ? 'exit' : 'both' })), 'ERR_CAPTURE_OPTION', which.version)
    const capture = await open('sysdig:kmod', { events: both ? 'both' : 'exit' })
    await capture.close()
    standin.remove()
  }
})

test('ringBytes: the module parameter of a driver that has one is set for the capture and set back', async () => {
  const standin = new Standin(driver('6.0.1'), { ringBytes: 1 << 18 })
  const parameter = join(standin.path, 'sys/module/scap/parameters/g_buffer_bytes_dim')
  const capture = await open('sysdig:kmod', { ringBytes: 1 << 20 })
  assert.is(standin.consumer().ring, 1 << 20)
  assert.is(readFileSync(parameter, 'utf8').trim(), String(1 << 18))
  await capture.close()
  // As it stands for those who do not ask; also when opening fails.
  const plain = await open('sysdig:kmod')
  assert.is(standin.consumer().ring, 1 << 18)
  await plain.close()
  standin.fail({ step: 'open', cpu: 1, errno: 16 })
  assert.is(await code(open('sysdig:kmod', { ringBytes: 1 << 20 })), 'ERR_CAPTURE_BUSY')
  assert.is(readFileSync(parameter, 'utf8').trim(), String(1 << 18))
  standin.remove()
})

test('ringBytes: a driver with rings of one size takes that size only', async () => {
  for (const [version, size] of [['0.1.85', 1 << 20], ['2.0.0', 8 << 20]] as const) {
    const standin = new Standin(driver(version))
    assert.is(await code(open('sysdig:kmod', { ringBytes: 4 << 20 })), 'ERR_CAPTURE_OPTION')
    const capture = await open('sysdig:kmod', { ringBytes: size })
    await capture.close()
    assert.is(standin.consumers().every(id => standin.consumer(id).open.length === 0), true)
    standin.remove()
  }
})

test('snaplen: a value of its own each, whatever the order of opening', async () => {
  const standin = new Standin(driver('0.27.1'))
  const captures = [await open('sysdig:kmod', { snaplen: 0 }), await open('sysdig:kmod', { snaplen: 60_000 }), await open('sysdig:kmod')]
  assert.equal(standin.consumers().map(id => standin.consumer(id).snaplen), [0, 60_000, 80])
  await Promise.all(captures.map(capture => capture.close()))
  standin.remove()
})

test('the driver’s own events are delivered: drops in dropping mode', () => withCapture(driver('2.0.0'), { syscalls: ['openat'] }, async (capture, standin) => {
  for (const type of ['PPME_DROP_E', 'PPME_DROP_X'] as const) standin.hit(0, { bytes: made(standin.driver, { type, params: [8] }) })
  assert.equal(await names(capture), ['drop >', 'drop <'])
}))

for (const version of ['0.10.0', '2.0.0', '9.1.0']) {
  const which = driver(version)
  const read = () => made(which, { type: 'PPME_SYSCALL_READ_X', params: [1, 'x'] })

  for (const stopped of [false, true]) {
    const also = stopped ? ', also a stopped one,' : ''
    test(`${version}: a CPU that comes online ends the capture${also} with an error, after everything before it`, () => withCapture(which, { maxDurationMs: 5000 }, async (capture, standin) => {
      standin.ring(0).produce(read())
      standin.plug('+++')
      standin.ring(0).produce(made(which, { type: 'PPME_CPU_HOTPLUG_E', params: [2, 1] }))
      standin.ring(1).produce(read())
      if (stopped) capture.stop()
      const seen: string[] = []
      try {
        for await (const burst of capture) for (const ev of burst) seen.push(ev.name)
        assert.unreachable('nobody said that events are missing')
      } catch (error) {
        assert.is((error as { code: string }).code, 'ERR_CAPTURE_HOTPLUG', String(error))
      }
      assert.equal(seen, ['read', 'cpu_hotplug', 'read'])
      const { seen: all, delivered, dropped, filtered, pending } = capture.stats()
      assert.is(all, delivered + dropped.total + filtered + pending)
      assert.equal(standin.consumer().open, [], 'and its devices are closed')
    }, { cpus: '++-' }))
  }

  test(`${version}: a CPU that goes offline is an event`, () => withCapture(which, { maxDurationMs: 1500 }, async (capture, standin) => {
    standin.plug('+-')
    standin.ring(0).produce(made(which, { type: 'PPME_CPU_HOTPLUG_E', params: [1, 2] }))
    const seen: string[] = []
    for await (const burst of capture) for (const ev of burst) seen.push(ev.name)
    assert.equal(seen, ['cpu_hotplug'])
  }))
}
