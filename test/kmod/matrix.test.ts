// timeout: 240
/** The kernel module's probe against every release of the driver, played by the stand-in. */
import * as assert from 'uvu/assert'
import { seeded } from '../helpers/rings.js'
import { NEEDS, preload } from './standin/standin.js'
import { suite } from '../helpers/suite.js'
import { DRIVERS, sharesMask, TRACEPOINT } from './standin/drivers.js'
import { ioctls, made, READ, readOf, rest, RING, TID, withCapture } from './drive.js'

preload()
const test = suite('kmod, every driver', { needs: NEEDS, timeoutMs: 60_000 })


/** ENABLE_CAPTURE, MANAGE_TP, ENABLE_TP. */
const STARTS = [1, 26, 31]

for (const driver of DRIVERS) {
  const cpus = driver.onlineOnly === true ? '+++' : '++-+'
  const online = cpus === '+++' ? [0, 1, 2] : [0, 1, 3]

  test(`${driver.version}: opens in the module's order`, () => withCapture(driver, { snaplen: 321 }, async (capture, standin) => {
    const log = standin.log()
    const opens = log.filter(({ call, result }) => call === 'open' && result === 0)
    assert.equal(opens.map(({ cpu }) => cpu), online)
    const tids = new Set(opens.map(({ tid }) => tid))
    assert.is(tids.size, 1, 'all devices are opened by one thread')
    assert.not(tids.has(process.pid), 'which is not the main one: a second capture would be the same consumer')

    // Before the memory is mapped a call may find nobody: that tells one release from another. A setting must find its ioctl.
    const at = (call: (typeof log)[number]) => log.indexOf(call)
    const lastOpen = Math.max(...opens.map(at))
    const lastMap = Math.max(...log.filter(({ call }) => call === 'mmap').map(at))
    const settings = ioctls(log).filter(call => at(call) > lastMap)
    for (const { nr, arg, result } of settings) assert.is(result, 0, `ioctl ${nr} (${arg})`)
    for (const { nr, arg, result } of ioctls(log)) assert.not(nr === 6 && result === 0 && arg >= driver.eventMax, `event ${arg} lies behind the mask: kernel memory`)
    assert.ok(lastOpen < Math.min(...settings.map(at)), 'each open takes the settings back')
    const starts = settings.filter(({ nr }) => STARTS.includes(nr))
    const firstStart = Math.min(...starts.map(at))
    assert.ok(firstStart > lastMap, 'nothing comes before it can be read')
    assert.ok(settings.filter(({ nr }) => !STARTS.includes(nr)).every(call => at(call) < firstStart), 'starts last')

    const maps = log.filter(({ call }) => call === 'mmap')
    const size = driver.ring === 0 ? RING : driver.ring
    for (const cpu of online) {
      const done = maps.filter(each => each.cpu === cpu && each.result === 0).map(({ nr, arg }) => [nr, arg])
      assert.equal(done.sort((a, b) => b[0] - a[0]), [[2 * size, 1], [4096, 3]])
    }

    const { snaplen, enabled, tps, mask, open } = standin.consumer()
    assert.equal({ snaplen, enabled, open }, { snaplen: 321, enabled: online, open: online })
    const has = (name: keyof typeof TRACEPOINT) => (tps >> TRACEPOINT[name] & 1) === 1
    assert.ok(has('sys_exit') && has('sched_process_exit') && has('signal_deliver'), `tracepoints ${tps.toString(2)}`)
    if (Number(driver.schema?.split('.')[0] ?? 0) < 4) assert.ok(has('sys_enter'), 'enter events')
    if (driver.version.startsWith('10.')) assert.ok(has('sched_process_exec'), 'an execve that succeeds is seen there only')
    if (driver.mask === 'syscalls') {
      assert.not(has('sched_switch') || has('page_fault_user') || has('page_fault_kernel'))
      for (const nr of [0, 1, 59, 257, 322, 437]) assert.ok(mask.includes(nr), `system call ${nr}`)
    } else if (driver.mask === 'events') {
      for (const type of [0, 1, 2, 3, 6, 7, 16, 148]) assert.ok(mask.includes(type), `event ${type}`)
      // SCHEDSWITCH_1, SCHEDSWITCH_6, PAGE_FAULT: nobody asked for them, but a mask that is everybody's is left alone
      if (!sharesMask(driver)) for (const type of [146, 152, 290]) assert.not(mask.includes(type), `event ${type}`)
      else assert.is(mask.length, driver.eventMax)
    }
    assert.is(await rest(capture), 0)
    assert.is(capture.stats().seen, 0)
    const last = standin.consumer()
    if (driver.ioctls.has(0)) assert.equal(last.enabled, [], 'stop() stops')
    else assert.is(last.tps & 3, 0, 'stop() stops')
  }, { cpus }))

  test(`${driver.version}: over many wraps every record arrives as it was made, in the order of time`, () => withCapture(driver, {}, async (capture, standin) => {
    const random = seeded(driver.eventMax)
    const rings = [0, 1].map(cpu => standin.ring(cpu))
    const { size } = rings[0]
    const wraps = size > 1 << 20 ? 4 : 25
    const noise = Buffer.from(Uint8Array.from({ length: 80_000 }, () => random(256)))
    const waiting: { bytes: Buffer; cpu: number }[] = []
    const written = [0, 0]
    const dropped = [0, 0]
    let crossing = 0
    let count = 0
    const feed = () => {
      for (let i = 0; i < 4000 && Math.min(...written) < wraps * size; i++) {
        const cpu = random(2)
        const ring = rings[cpu]
        // The longest record there is has 65 000 bytes of data.
        const largest = size === RING ? [300, 2000, 40_000][random(3)] : [2000, 65_000][random(2)]
        const length = random(largest)
        const bytes = readOf(driver, noise.subarray(random(15_000)).subarray(0, length))
        if (bytes.length > ring.room().free) return
        const { head } = ring
        // Room at the end may be too small although the ring has enough: two pages are all that the driver has behind it.
        if (!ring.produce(bytes, 'other_interest_exit')) {
          dropped[cpu]++
          continue
        }
        waiting.push({ bytes, cpu })
        written[cpu] += bytes.length
        if (head + bytes.length > size) crossing++
      }
      if (Math.min(...written) >= wraps * size) capture.stop()
    }
    // Between the bursts too: during one, its memory is still lent.
    const producer = setInterval(feed, 1)
    let next = 0
    for await (const burst of capture) {
      for (const ev of burst) {
        const { bytes, cpu } = waiting[next++]
        if (ev.cpu !== cpu || Buffer.compare(ev.record.copy(), bytes) !== 0) assert.unreachable(`record ${count} differs: ${ev.name} on CPU ${ev.cpu} at ${ev.ts}`)
        if (ev.nparams !== 2 || ev.param(1)!.length !== bytes.length - driver.header - 12 || ev.tid !== TID) assert.unreachable(`parameters of record ${count} differ`)
        count++
      }
      feed()
    }
    clearInterval(producer)
    assert.is(next, waiting.length, 'all of them')
    assert.ok(crossing >= wraps, `${crossing} records ran over the end`)
    for (const ring of rings) assert.is(ring.tail, ring.head)
    const stats = capture.stats()
    const { seen, delivered, filtered, pending, late } = stats
    const lost = dropped[0] + dropped[1]
    assert.equal({ seen, delivered, filtered, pending, late }, { seen: count + lost, delivered: count, filtered: 0, pending: 0, late: 0 })
    assert.equal([stats.dropped.total, stats.dropped.buffer], [lost, lost])
    assert.equal(stats.perCpu.map(({ cpu, dropped }) => [cpu, dropped]), [[0, dropped[0]], [1, dropped[1]]])
  }))

  test(`${driver.version}: a full ring drops, and every cause is counted`, () => withCapture(driver, {}, async (capture, standin) => {
    const ring = standin.ring(1)
    const bytes = readOf(driver, Buffer.alloc(ring.size > RING ? 60_000 : 3000))
    let fit = 0
    while (ring.produce(bytes, 'open_exit')) fit++
    let full = 1
    for (; full < 50; full++) assert.not(ring.produce(bytes, ['connect_enter', 'proc_exit', undefined][full % 3]))
    for (let i = 0; i < 3; i++) ring.fault()
    for (let i = 0; i < 5; i++) ring.nest()
    const before = capture.stats()
    assert.equal([before.delivered, before.pending, before.filtered], [0, fit, 0])
    assert.is(before.seen, fit + full + 3 + 5)
    const { total, buffer, page_fault, nested } = before.dropped
    assert.equal({ total, buffer, page_fault, nested }, { total: full + 8, buffer: full, page_fault: 3, nested: 5 })
    const categories = Object.entries(before.bufferDrops ?? {}).filter(([, count]) => count > 0)
    const known = ['open_exit', 'connect_enter', 'proc_exit'].filter(name => name in driver.counters)
    const expected = { open_exit: 1, connect_enter: 16, proc_exit: 17 } as Record<string, number>
    assert.equal(Object.fromEntries(categories), Object.fromEntries(known.map(name => [name, expected[name]])))
    if (driver.counters.n_drops_pf > 24) assert.equal(Object.keys(before.bufferDrops ?? {}), Object.keys(driver.counters).filter(name => !name.startsWith('n_')))

    assert.is(await rest(capture), fit)
    const after = capture.stats()
    assert.equal([after.seen, after.delivered, after.dropped.total, after.pending], [fit + full + 8, fit, full + 8, 0])
    for (const each of after.perCpu) assert.is(each.seen, each.delivered + each.dropped + each.filtered + each.pending)
  }))

  test(`${driver.version}: what the masks let through arrives, and what it left out is not counted`, () => withCapture(driver, {}, async (capture, standin) => {
    const params = driver.header === 22 ? 4 : 6
    const opened = { bytes: made(driver, { type: 'PPME_SYSCALL_OPEN_X', params: [5, '/etc/hosts', 1, 0o644, 7, 99].slice(0, params) }), syscall: 2 }
    const enter = { bytes: made(driver, { type: 'PPME_SYSCALL_READ_E', params: [4, 100] }), syscall: READ }
    const exited = { bytes: made(driver, { type: 'PPME_PROCEXIT_E', params: [] }), tracepoint: 'sched_process_exit' } as const
    const drop = { bytes: made(driver, { type: 'PPME_DROP_E', params: [8] }), tracepoint: 'sys_exit' } as const
    const switched = { bytes: made(driver, { type: 'PPME_SCHEDSWITCH_6_E', params: [1, 2, 3, 4, 5, 6] }), tracepoint: 'sched_switch' } as const
    const made4 = [opened, enter, exited, drop, switched].map((hit, index) => standin.hit(index & 1, hit))
    // Nothing but a sieve of our own can keep switches away where there is no mask, or one for all consumers.
    const sifted = driver.mask === 'none' || sharesMask(driver) ? 1 : 0
    assert.equal(made4, [1, 1, 1, 1, sifted])
    const seen: string[] = []
    await rest(capture, (ev) => {
      seen.push(`${ev.cpu} ${ev.name} ${ev.dir}`)
      if (ev.is('open', 'exit')) assert.equal([ev.args.fd, ev.args.name, ev.args.mode, ev.nparams], [5, '/etc/hosts', 0o644, params])
      if (ev.is('read', 'enter')) assert.equal([Number(ev.args.fd), ev.args.size], [4, 100])
      if (ev.is('drop')) assert.is(ev.param(0)!.length, 4)
    })
    assert.equal(seen, ['0 open exit', '1 read enter', '0 procexit enter', '1 drop enter'])
    const { seen: all, delivered, filtered } = capture.stats()
    assert.equal({ all, delivered, filtered }, { all: 4 + sifted, delivered: 4, filtered: sifted })
  }))

  // What ENABLE_ and DISABLE_CAPTURE mean came after n_evts++ then.
  if (driver.needsAll === true) {
    test(`${driver.version}: hits after stop() are no loss`, () => withCapture(driver, {}, async (capture, standin) => {
      standin.ring(0).produce(readOf(driver, Buffer.from('last')))
      assert.is(await rest(capture, () => {
        for (let i = 0; i < 5; i++) standin.ring(0).skip()
      }), 1)
      const { seen, delivered, dropped } = capture.stats()
      assert.equal({ seen, delivered, dropped: dropped.total }, { seen: 1, delivered: 1, dropped: 0 })
    }))
  }

  if (Number(driver.version.split('+')[0].split('.').slice(0, 2).join('.')) >= 9.1 && driver.device === 'scap') {
    test(`${driver.version}: hits that the driver passes over are told apart from loss for want of room`, () => withCapture(driver, {}, async (capture, standin) => {
      standin.ring(0).produce(readOf(driver, Buffer.from('one')))
      for (let i = 0; i < 3; i++) standin.ring(0).skip()
      assert.is(await rest(capture), 1)
      const { seen, delivered, dropped, filtered, pending } = capture.stats()
      assert.is(seen, delivered + dropped.total + filtered + pending)
      assert.equal([delivered, dropped.buffer, dropped.nested, dropped.page_fault], [1, 0, 0, 0])
    }))
  }
}
