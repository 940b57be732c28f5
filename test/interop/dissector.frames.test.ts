// timeout: 400
/** Our dissector in tshark, on frames that are cut, wrong, of other kinds, or not ours. */
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { LEN, TYPE } from '../../lib/event/record.js'
import { EVENT_COUNT, eventInfo } from '../../lib/event/table.js'
import { writeFile } from '../../lib/export/file.js'
import { FRAME_V1, frameHeader, type Framing, LINKTYPE_ETHERNET, LINKTYPE_USER0, wrap } from '../../lib/export/framing.js'
import { openFile } from '../../lib/index.js'
import { folder } from '../helpers/folder.js'
import { old, record, socktuple, unixTuple } from '../helpers/record.js'
import { ROOT } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { DISSECTOR, fieldsOf, selected, tshark, writeFrames } from '../helpers/tshark.js'

const test = suite('the dissector, on frames of every kind', { needs: ['tshark'], timeoutMs: 100_000 })
const { file } = folder()

/** In the flags: what a sender to another host adds. */
const SEQUENCE = 0x02
const SUMMARY = 0x04

function frame(bytes: Uint8Array, flags = 0, framing: Framing = 'ethernet'): Buffer {
  const memory = Buffer.alloc(frameHeader(framing) + bytes.length)
  const at = wrap(new DataView(memory.buffer, memory.byteOffset, memory.length), 0, framing, bytes.length > TYPE ? bytes[TYPE] : 0, flags, 1)
  memory.set(bytes, at)
  return memory
}

const OPENAT = record({ type: 307, ts: 1_700_000_000_000_000_001n, tid: 42, params: [-2, -100, '/etc/passwd', 4097, 0, 0x801, 7] })
const LUA_ERRORS = '_ws.lua.error || _ws.malformed.dissector_bug || _ws.malformed.reassembly'

test('a frame cut anywhere is shown as far as it goes, and says so', () => {
  const whole = frame(OPENAT)
  const path = file('cut.pcap')
  const cuts = Array.from({ length: whole.length - 18 }, (_, i) => 18 + i)
  writeFrames(path, LINKTYPE_ETHERNET, [...cuts.map((length) => ({ bytes: whole.subarray(0, length), length: whole.length })), { bytes: whole }])
  assert.equal(selected(path, LUA_ERRORS), [])
  assert.equal(selected(path, 'sysring.truncated'), cuts.map((_, i) => i + 1))
  assert.equal(selected(path, 'sysring.malformed'), [])
  const rows = fieldsOf(path, ['sysdig.param.openat2.fd', 'sysdig.param.openat2.name.text', '_ws.col.Info'])
  const at = (length: number) => rows[length - 18]
  // 14 bytes of lengths stand behind 18 + 26, then fd, dirfd and 12 bytes of name.
  assert.equal(at(58 + 7)[0], [])
  assert.equal(at(58 + 8)[0], ['-2'])
  assert.equal(at(58 + 16 + 4)[1], ['/etc'])
  assert.match(at(58 + 16 + 4)[2][0], /^\(42\) < openat fd=-2\(ENOENT\) dirfd=-100\(AT_FDCWD\) name=\/etc… \[truncated\]$/)
  assert.is(rows.at(-1)![2][0], '(42) < openat fd=-2(ENOENT) dirfd=-100(AT_FDCWD) name=/etc/passwd flags=4097(O_RDONLY|O_CLOEXEC) mode=0 dev=801 ino=7')
})

test('a recording cut to 64 bytes a frame', async () => {
  const path = file('snaplen.pcapng')
  await writeFile(await openFile(join(ROOT, 'examples/trace.scap.gz')), path, { snaplen: 64 })
  assert.equal(selected(path, LUA_ERRORS), [])
  const lengths = fieldsOf(path, ['frame.len'], [])
  const cut = lengths.flatMap(([[length]], i) => (Number(length) > 64 ? [i + 1] : []))
  assert.equal(selected(path, 'sysring.truncated'), cut)
  assert.ok(cut.length > 1000)
})

test('numbers of a sender stand behind the record, before the padding; its summaries are shown', () => {
  const number = Buffer.from(new Uint32Array([0xabcd1234, 77]).buffer)
  const summary = Buffer.from(new Uint32Array([0xabcd1234, 78, 3]).buffer)
  const path = file('sent.pcap')
  const sent = frame(Buffer.concat([OPENAT, number]), SEQUENCE)
  writeFrames(path, LINKTYPE_ETHERNET, [
    { bytes: sent }, { bytes: Buffer.concat([sent, Buffer.alloc(9)]) }, { bytes: sent.subarray(0, -5), length: sent.length },
    { bytes: frame(summary, SUMMARY) }, { bytes: frame(summary.subarray(0, 6), SUMMARY), length: 30 },
  ])
  assert.equal(fieldsOf(path, ['sysring.stream', 'sysring.sequence', 'sysring.not_sent', 'sysdig.event_type']), [
    [['0xabcd1234'], ['77'], [], ['307']], [['0xabcd1234'], ['77'], [], ['307']], [[], [], [], ['307']],
    [['0xabcd1234'], ['78'], ['3'], []], [['0xabcd1234'], [], [], []],
  ])
  assert.equal(selected(path, 'sysring.truncated'), [3, 5])
  assert.equal(selected(path, `${LUA_ERRORS} || sysring.malformed`), [])
  assert.equal(selected(path, 'sysring.flags.sequence == 1'), [1, 2, 3])
})

test('records from before 2018, without their number of parameters', () => {
  const path = file('v1.pcap')
  const exit = old(record({ type: 3, tid: 42, params: [3, '/etc/passwd', 1, 0] }))
  writeFrames(path, LINKTYPE_USER0, [{ bytes: frame(exit, FRAME_V1, 'user0') }, { bytes: frame(exit.subarray(0, -1), FRAME_V1, 'user0'), length: exit.length + 4 }])
  const [[[info]], [[cut]]] = fieldsOf(path, ['_ws.col.Info'])
  assert.is(info, '(42) < open fd=3 name=/etc/passwd flags=1(O_RDONLY) mode=0')
  assert.match(cut, /^\(42\) < open .*\[truncated\]$/)
  assert.equal(selected(path, `${LUA_ERRORS} || sysring.malformed`), [])
})

test('user0 by the preference for link types of private use, too', () => {
  const path = file('preference.pcap')
  writeFrames(path, LINKTYPE_USER0, [{ bytes: frame(OPENAT, 0, 'user0') }])
  const preference = 'uat:user_dlts:"User 0 (DLT=147)","sysring","0","","0",""'
  assert.equal(fieldsOf(path, ['sysdig.event_type'], [...DISSECTOR, '-o', preference]), [[['307']]])
})

test('the ends of sockets are fields', () => {
  const path = file('sockets.pcap')
  const tuples = [socktuple('10.0.0.1:4000', '10.0.0.2:80'), socktuple('[2001:db8::1]:4000', '[::1]:80'), unixTuple(0xffff8888_12345678n, 16n, '/run/x')]
  writeFrames(path, LINKTYPE_ETHERNET, tuples.map((tuple) => ({ bytes: frame(record({ type: 23, tid: 1, params: [0, tuple] })) })))
  const parts = ['text', 'src', 'src6', 'srcport', 'srcptr', 'dst', 'dst6', 'dstport', 'dstptr', 'path'].map((part) => `sysdig.param.accept.tuple.${part}`)
  assert.equal(fieldsOf(path, parts).map((row) => row.map((values) => values.join('+')).join(' ')), [
    '10.0.0.1:4000->10.0.0.2:80 10.0.0.1  4000  10.0.0.2  80  ',
    '2001:db8::1:4000->::1:80  2001:db8::1 4000   ::1 80  ',
    'ffff888812345678->10 /run/x    0xffff888812345678    0x0000000000000010 /run/x',
  ])
  assert.equal(selected(path, 'sysdig.param.accept.tuple.dst == 10.0.0.0/24 && sysdig.param.accept.tuple.dstport == 80'), [1])
})

test('frames of somebody else with the same EtherType are left alone', () => {
  const path = file('foreign.pcap')
  const foreign = frame(OPENAT)
  foreign[14] = 7
  writeFrames(path, LINKTYPE_ETHERNET, [{ bytes: foreign }, { bytes: foreign.subarray(0, 16) }, { bytes: frame(OPENAT) }])
  assert.equal(fieldsOf(path, ['frame.protocols']).map(([[protocols]]) => protocols), ['eth:ethertype:data', 'eth:ethertype:data', 'eth:ethertype:sysring'])
})

test('who a thread is depends on the frame: born, started, renamed, ended, its number used again', () => {
  const path = file('processes.pcap')
  const clone = (tid: number, child: number, comm: string, flags = 0) =>
    record({ type: 223, tid, params: [child, comm, [], tid, tid, 1, '', 0, 0, 0, 0, 0, 0, comm, [], flags, 0, 0, tid, tid] })
  const execve = (tid: number, res: number, comm: string) => record({ type: 293, tid, params: [res, comm, [], tid, tid, 1, '', 0, 0, 0, 0, 0, 0, comm] })
  const close = (tid: number) => record({ type: 4, tid, params: [3] })
  const steps: [bytes: Uint8Array, process: string | undefined][] = [
    [close(7), undefined],
    [clone(7, 8, 'sh'), 'sh'],
    [close(8), 'sh'],
    [execve(8, -2, 'sh'), 'sh'],
    [execve(8, 0, 'cat'), 'cat'],
    [close(8), 'cat'],
    [record({ type: 401, tid: 8, params: [0, 15, 'worker', 0] }), 'worker'],
    [close(7), 'sh'],
    [record({ type: 186, tid: 8, params: [0, 0, 0, 0, 0] }), 'worker'],
    [close(8), undefined],
    [clone(7, 8, 'sh'), 'sh'],
    [close(8), 'sh'],
    // In a pid namespace of its own the child has another number than its caller is told.
    [clone(7, 9, 'sh', CHILD_IN_PIDNS), 'sh'],
    [close(9), undefined],
    [clone(1009, 0, 'sh', CHILD_IN_PIDNS), 'sh'],
    [close(1009), 'sh'],
  ]
  writeFrames(path, LINKTYPE_ETHERNET, steps.map(([bytes]) => ({ bytes: frame(bytes) })))
  const expected = steps.map(([, process]) => process)
  assert.equal(fieldsOf(path, ['sysring.process']).map(([[process]]) => process), expected)
  // With two passes all frames are known before the first is shown.
  assert.equal(fieldsOf(path, ['sysring.process'], [...DISSECTOR, '-2']).map(([[process]]) => process), expected)
})

/** PPM_CL_CHILD_IN_PIDNS in the driver's ppm_events_public.h. */
const CHILD_IN_PIDNS = 1 << 29

/** Numbers that are the same in every run: Lehmer's generator. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => (state = (state * 48271) % 0x7fff_ffff) % below
}

test('30 000 frames of nonsense: no error of Lua, and as many frames out as in', () => {
  const random = generator(88)
  const seeds = Array.from({ length: EVENT_COUNT }, (_, type) => frame(record({
    type, tid: 5, params: eventInfo(type)!.params.map((_, i) => Buffer.from(Array.from({ length: 1 + random(20) }, () => (i % 2 === 0 ? random(256) : random(3))))),
  })))
  const odd = [0, 1, 2, 10, 0x7f, 0x80, 0xff]
  const frames = Array.from({ length: 30_000 }, () => {
    const bytes = Buffer.from(seeds[random(seeds.length)])
    for (let changes = random(6); changes > 0; changes--) bytes[15 + random(bytes.length - 15)] = random(2) === 0 ? odd[random(odd.length)] : random(256)
    if (random(4) === 0) bytes.writeUInt32LE(random(2 * bytes.length), 18 + LEN)
    const kept = random(2) === 0 ? bytes : bytes.subarray(0, 14 + random(bytes.length - 13))
    return { bytes: kept, length: kept.length + (random(3) === 0 ? random(100) : 0) }
  })
  const path = file('nonsense.pcap')
  writeFrames(path, LINKTYPE_ETHERNET, frames)
  assert.equal(selected(path, LUA_ERRORS), [])
  assert.is(tshark([...DISSECTOR, '-r', path]).trimEnd().split('\n').length, frames.length)
  assert.is(tshark([...DISSECTOR, '-r', path, '-V']).match(/^Frame \d+:/gm)!.length, frames.length)
  const [wrong, cut] = [selected(path, 'sysring.malformed').length, selected(path, 'sysring.truncated').length]
  assert.ok(wrong > 3000 && cut > 3000 && wrong + cut < frames.length, `${wrong} ${cut}`)
})
