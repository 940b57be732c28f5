/** What becomes of the module's records further on: threads told apart, events kept, lines, files; rings of every size. */
import { createWriteStream, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import * as assert from 'uvu/assert'
import { type Capture, type Event, lineText, open, openFile, pcapng, scap } from '../../lib/index.js'
import { folder } from '../helpers/folder.js'
import { NEEDS, preload, Standin } from './standin/standin.js'
import { suite } from '../helpers/suite.js'
import { driver } from './standin/drivers.js'
import { made, READ, readOf, rest, TID, withCapture } from './drive.js'

preload()
const test = suite('kmod, uses', { needs: NEEDS })

const { file } = folder()

/** The return of clone in the new thread: its event, and how many parameters that release gives it. */
const CLONES = [['0.1.72', 'PPME_SYSCALL_CLONE_11_X', 11], ['0.1.85', 'PPME_SYSCALL_CLONE_16_X', 16], ['0.10.0', 'PPME_SYSCALL_CLONE_20_X', 20], ['2.0.0', 'PPME_SYSCALL_CLONE_20_X', 20], ['10.2.0', 'PPME_SYSCALL_CLONE_20_X', 21]] as const

for (const [version, clone, count] of CLONES) {
  const which = driver(version)
  const [process, thread, stranger, strangers, child, grandchild] = Array.from({ length: 6 }, (_, i) => TID + i)
  const born = (tid: number, pid: number, ptid = 1) => {
    const params = [0, 'x', [], tid, pid, ptid, '/', 1, 0, 0, 0, 0, 0, 'x', [], 0, 0, 0, tid, pid, 0]
    // The early ones have fewer, and flags, uid, gid last.
    const carried = count < 20 ? [...params.slice(0, count - 3), 0, 0, 0] : params.slice(0, count)
    return { bytes: made(which, { type: clone, tid, params: carried }), syscall: 56 }
  }
  const read = (tid: number) => ({ bytes: made(which, { type: 'PPME_SYSCALL_READ_X', tid, params: [1, 'x'] }), syscall: READ })
  const exit = count < 20 ? { type: 'PPME_PROCEXIT_E' as const, params: [] } : { type: 'PPME_PROCEXIT_1_E' as const, params: [0] }
  const end = (tid: number) => ({ bytes: made(which, { ...exit, tid }), tracepoint: 'sched_process_exit' } as const)

  test(`${version}: threads belong to the process that made them, until their number is another's`, async () => {
    const hits = () => [
      read(process), born(thread, process), read(thread), born(strangers, stranger), read(strangers),
      // A thread that execs takes its leader's number over when that has ended.
      end(process), read(process),
      // A number is given away again.
      end(thread), born(thread, stranger), read(thread),
    ]
    await withCapture(which, { includeSelf: true, pids: { allow: [process] } }, async (capture, standin) => {
      for (const hit of hits()) assert.is(standin.hit(0, hit), 1)
      const tids: number[] = []
      await rest(capture, ev => void tids.push(ev.tid))
      assert.equal(tids, [process, thread, thread, process, process, thread])
      assert.is(capture.stats().filtered, 4)
    })
    await withCapture(which, { includeSelf: true, pids: { deny: [process] }, syscalls: ['read'], tracepoints: [] }, async (capture, standin) => {
      const [came] = hits().slice(1).filter(hit => 'syscall' in hit && hit.syscall === 56).map(hit => standin.hit(1, hit))
      assert.is(came, 1, 'who tells threads apart must hear of them')
      for (const hit of [read(process), read(thread), read(strangers)]) standin.hit(1, hit)
      const tids: string[] = []
      await rest(capture, ev => void tids.push(`${ev.name} ${ev.tid - TID}`))
      assert.equal(tids, ['read 1', 'read 3'])
    })
  })

  test(`${version}: children are the processes that a listed one has started itself`, async () => {
    for (const children of [false, true]) {
      await withCapture(which, { includeSelf: true, pids: { allow: [process], children } }, async (capture, standin) => {
        for (const hit of [born(child, child, process), read(child), born(grandchild, grandchild, child), read(grandchild), born(thread, child, process), read(thread)]) standin.hit(0, hit)
        const tids: number[] = []
        await rest(capture, ev => void tids.push(ev.tid))
        assert.equal(tids, children ? [child, child, thread, thread] : [])
      })
    }
  })
}

/** Everything that can be seen of an event. */
const seen = (ev: Event) => ({
  ts: ev.ts, tid: ev.tid, cpu: ev.cpu, type: ev.type, len: ev.len, bytes: Buffer.from(ev.record.copy()).toString('hex'),
  params: Array.from({ length: ev.nparams }, (_, i) => Buffer.from(ev.param(i)!.copy()).toString('hex')), text: lineText(ev).replace(/^\d+ /, ''),
})

for (const version of ['0.1.72', '0.10.0', '0.23.0', '10.2.0']) {
  const which = driver(version)
  const hits = () => [
    { bytes: made(which, { type: 'PPME_SYSCALL_OPEN_X', params: [5, '/etc/hosts', 1, 0o644] }), syscall: 2 },
    { bytes: readOf(which, Buffer.from('some data')), syscall: READ },
    { bytes: made(which, { type: 'PPME_GENERIC_E', params: [41, 110] }), syscall: 110 },
    { bytes: made(which, { type: 'PPME_SYSCALL_CLOSE_X', params: [0] }), syscall: 3 },
  ]

  test(`${version}: a retained event is the same`, () => withCapture(which, { includeSelf: true }, async (capture, standin) => {
    hits().forEach((hit, index) => standin.hit(index & 1, hit))
    const events: [ReturnType<typeof seen>, Event][] = []
    await rest(capture, ev => void events.push([seen(ev), ev.retain()]))
    assert.is(events.length, 4)
    for (const [then, kept] of events) assert.equal(seen(kept), then)
    assert.match(events[0][0].text, /> ?|< open fd=5.* name=\/etc\/hosts/)
    assert.match(events[2][0].text, /getppid/)
  }))

  for (const [name, writer] of [['scap', () => scap()], ['pcapng', () => pcapng({ framing: 'scap' })]] as const) {
    test(`${version}: from the ring into .${name} and back`, () => withCapture(which, { includeSelf: true }, async (capture, standin) => {
      const all = hits()
      all.forEach((hit, index) => standin.hit(index & 1, hit))
      capture.stop()
      await pipeline(capture as Capture, writer(), createWriteStream(file(`${version}.${name}`)))
      const back: ReturnType<typeof seen>[] = []
      for await (const burst of await openFile(file(`${version}.${name}`))) for (const ev of burst) back.push(seen(ev))
      assert.equal(back.map(({ bytes }) => bytes), all.map(({ bytes }) => bytes.toString('hex')))
      assert.equal(back.map(({ cpu }) => cpu), [0, 1, 0, 1])
      assert.equal(back[0].params.length, 4)
      assert.match(back[0].text, /name=\/etc\/hosts/)
    }))
  }
}

test('rings of every size that the module takes', async () => {
  for (let ringBytes = 1 << 14; ringBytes <= 1 << 26; ringBytes *= 4) {
    const which = driver('8.1.0')
    await withCapture(which, { includeSelf: true }, async (capture, standin) => {
      assert.is(standin.consumer().ring, ringBytes)
      const data = Buffer.alloc(Math.min(ringBytes / 4, 60_000), 7)
      for (let i = 0; i < 3; i++) assert.ok(standin.ring(1).produce(readOf(which, data)))
      assert.is(await rest(capture, ev => assert.ok(data.equals(ev.param(1)!.copy()))), 3)
    }, { ringBytes })
  }
})

test('a module whose parameters cannot be read is used as it is', async () => {
  const standin = new Standin(driver('5.0.1'), { ringBytes: 1 << 23 })
  rmSync(join(standin.path, 'sys/module'), { recursive: true })
  const capture = await open('sysdig:kmod', { includeSelf: true })
  assert.is(standin.hit(0, { bytes: readOf(standin.driver, Buffer.from('x')), syscall: READ }), 1)
  assert.is(await rest(capture), 1)
  standin.remove()
})
