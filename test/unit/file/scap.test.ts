import { readFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { openFile } from '../../../lib/iface/file/open.js'
import { suite } from '../../helpers/suite.js'
import { block, CLOSE, eventBlock, fixture, interfaceBlock, read, record, sectionHeader, vector } from './build.js'

const test = suite('scap files')

const types = (seen: { type: number }[]) => seen.map(({ type }) => type)

test('a capture that sysdig made', async () => {
  const { seen, error, capture, bursts } = await read(fixture('small.scap'))
  assert.is(error, undefined)
  assert.is(seen.length, 5000)
  assert.is(seen[0].ts, 1795219052434760474n)
  assert.is(seen[4999].num, 5000)
  assert.equal(capture.interfaces, [{ name: 'sysdig', linktype: 147, snaplen: 0 }])
  assert.equal(capture.metadata.map(({ type }) => type), [0x201, 0x219, 0x220, 0x215, 0x218, 0x218, 0x218, 0x218, 0x218])
  assert.is(capture.device, 'small.scap')
  assert.ok(bursts >= 1 && bursts < 20)
  const { seen: count, delivered, dropped, filtered } = capture.stats()
  assert.equal({ count, delivered, dropped, filtered }, { count: 5000, delivered: 5000, dropped: { total: 0 }, filtered: 0 })
})

test('gzip, and chunks and pieces of any size, give the same', async () => {
  const plain = readFileSync(fixture('small.scap'))
  const { seen } = await read(fixture('small.scap'))
  const facts = seen.map(({ burst, ...rest }) => rest)
  for (const [content, options] of [
    [gzipSync(plain), {}],
    [Buffer.concat([gzipSync(plain.subarray(0, 100_001)), gzipSync(plain.subarray(100_001))]), {}],
    [plain, { chunkSize: 1000 }],
    [plain, { chunkSize: 97 }],
    [plain, { pieces: 1009 }],
    [plain.subarray(0, 3000), { pieces: 1, chunkSize: 64 }],
  ] as const) {
    const other = await read(content, options)
    const expected = content.length === 3000 ? facts.slice(0, other.seen.length) : facts
    assert.equal(other.seen.map(({ burst, ...rest }) => rest), expected)
    assert.is(other.error?.code, content.length === 3000 ? 'ERR_CAPTURE_TRUNCATED' : undefined)
  }
})

test('every number of an event block', async () => {
  for (const [name, header] of [['204', 22], ['208', 22], ['216', 26], ['217', 26], ['221', 26], ['222', 26], ['221_l32', 26]] as const) {
    const { seen, error } = await read(vector(`bt_${name}.scap`))
    assert.is(error, undefined, name)
    assert.equal(types(seen), [4, 5], name)
    assert.equal(seen.map(ev => ev.nparams), [1, 1], name)
    if (!name.includes('l32')) assert.equal(seen.map(ev => ev.len), [header + 10, header + 10], name)
    assert.equal(seen.map(ev => ev.params[0].length), [16, 16], name)
  }
  const old = await read(Buffer.concat([sectionHeader(), eventBlock(record(5, [Buffer.alloc(8)], { header: 22 }), { type: 0x8010abcd })]))
  assert.equal(old.seen.map(ev => [ev.type, ev.nparams, ev.params[0]]), [[5, 1, '00'.repeat(8)]])
})

test('22-byte records: as many parameters as fit exactly', async () => {
  // open exit: the table has 6 parameters, 2018 had 4, the first drivers 2
  for (const count of [0, 2, 4, 6]) {
    const params = Array.from({ length: count }, (_, i) => Buffer.alloc(i + 1, i + 1))
    const { seen, error } = await read(Buffer.concat([sectionHeader(), eventBlock(record(3, params, { header: 22 }), { type: 0x204, cpu: 7 })]))
    assert.is(error, undefined)
    assert.is(seen[0].nparams, count)
    assert.equal(seen[0].params, params.map(param => param.toString('hex')))
    assert.is(seen[0].cpu, 7)
  }
  const odd = await read(Buffer.concat([sectionHeader(), eventBlock(record(3, [Buffer.alloc(3)], { header: 22, len: 26 }), { type: 0x204 })]))
  assert.is(odd.error?.code, 'ERR_CAPTURE_FORMAT')
  const unknown = await read(Buffer.concat([sectionHeader(), eventBlock(record(9999, [Buffer.alloc(3)], { header: 22 }), { type: 0x204 })]))
  assert.equal(unknown.seen.map(ev => [ev.type, ev.nparams]), [[9999, 0]])
})

test('records whose len old libscap or tshark wrote too large', async () => {
  const infra = record(286, [Buffer.from('a\0'), Buffer.from('b\0'), Buffer.from('c\0'), Buffer.from('d\0')], { header: 22 })
  infra.writeUInt32LE(infra.length + 3, 16)
  const notification = await read(Buffer.concat([sectionHeader(), eventBlock(infra, { type: 0x204 })]))
  assert.equal(notification.seen.map(ev => [ev.len, ev.nparams]), [[infra.length, 4]])
  for (const name of ['re.pcapng', 'mc.pcapng']) {
    const { seen, error } = await read(vector(name))
    const full = await read(vector('full.scap'))
    assert.is(error, undefined, name)
    const events = seen.filter(ev => ev.linktype === undefined)
    assert.equal(events.map(ev => [ev.type, ev.ts, ev.tid, ev.len, ev.params]), full.seen.map(ev => [ev.type, ev.ts, ev.tid, ev.len - 4, ev.params]), name)
  }
})

test('flags: an event that only updates state', async () => {
  const { seen } = await read(vector('flags_state.scap'))
  assert.equal(seen.map(ev => ev.flags), [1, 0])
})

test('u32 lengths go by the event\'s type, not by the block', async () => {
  const { seen } = await read(vector('plug221.scap'))
  assert.equal(types(seen), [322, 4])
  assert.is(seen[0].nparams, 2)
  const data = Buffer.alloc(3_000_000, 7)
  const large = eventBlock(record(322, [Buffer.alloc(4), data], { wide: true }), { type: 0x221 })
  const { seen: [, event], error } = await read(Buffer.concat([sectionHeader(), eventBlock(CLOSE), large, eventBlock(CLOSE)]), { chunkSize: 70_000, pieces: 10_000 })
  assert.is(error, undefined)
  assert.is(event.len, 26 + 8 + 4 + data.length)
  assert.is(event.params[1], data.toString('hex'))
})

test('more parameters than an unrolled sum has, and lengths at its borders', async () => {
  for (const count of [0, 1, 2, 3, 4, 5, 6, 7, 20]) {
    const params = Array.from({ length: count }, (_, i) => Buffer.alloc(i % 3, i))
    const good = await read(Buffer.concat([sectionHeader(), eventBlock(record(5, params))]))
    assert.equal(good.seen[0].params, params.map(param => param.toString('hex')))
    for (let i = 0; i < count; i++) {
      const rec = record(5, params)
      rec.writeUInt16LE(rec.readUInt16LE(26 + 2 * i) + 1, 26 + 2 * i)
      const bad = await read(Buffer.concat([sectionHeader(), eventBlock(rec)]))
      assert.is(bad.error?.code, 'ERR_CAPTURE_FORMAT', `parameter ${i} of ${count}`)
    }
  }
})

test('sections: each with its metadata, and no burst over their border', async () => {
  const { seen, capture, bursts } = await read(vector('two_sections.scap'))
  assert.equal(seen.map(ev => [ev.num, ev.section]), [[1, 0], [2, 1]])
  assert.is(bursts, 2)
  assert.is(capture.metadata.length, 3)
  const late = Buffer.concat([sectionHeader(), eventBlock(CLOSE), block(0x218, Buffer.alloc(8)), eventBlock(CLOSE), eventBlock(CLOSE)])
  assert.equal((await read(late)).seen.map(ev => ev.burst), [1, 2, 2])
})

test('metadata is the body of its block, byte for byte', async () => {
  const file = readFileSync(vector('full.scap'))
  const { capture } = await read(vector('full.scap'))
  let at = 28
  for (const { type, body } of capture.metadata) {
    const size = file.readUInt32LE(at + 4)
    assert.is(type, file.readUInt32LE(at))
    assert.equal(Buffer.from(body), file.subarray(at + 8, at + size - 4))
    at += size
  }
})

test('unknown blocks are passed over, wherever and however long they are', async () => {
  for (const name of ['unkblock_head.scap', 'unkblock_mid.scap', 'unk_mid2.scap']) {
    const { seen, error } = await read(vector(name))
    assert.is(error, undefined)
    assert.equal(types(seen), [4, 5], name)
  }
  const huge = block(0xbad, Buffer.alloc(20_000_000))
  const { seen, error } = await read(Buffer.concat([sectionHeader(), eventBlock(CLOSE), huge, eventBlock(CLOSE)]), { pieces: 1 << 20 })
  assert.is(error, undefined)
  assert.is(seen.length, 2)
})

test('unknown events are delivered as they are', async () => {
  const { seen } = await read(vector('unknown_code.scap'))
  assert.equal(types(seen), [2, 400, 4])
})

test('a file without events, and minor versions', async () => {
  const none = await read(vector('noevents.scap'))
  assert.equal([none.seen.length, none.error, none.capture.metadata.length], [0, undefined, 3])
  assert.is((await read(vector('shb10.scap'))).seen.length, 17)
  assert.is((await read(vector('shb13.scap'))).seen.length, 1)
  const next = await read(Buffer.concat([sectionHeader(true, 2), eventBlock(CLOSE)]))
  assert.is(next.error?.code, 'ERR_CAPTURE_VERSION')
})

test('every vector is read to its end', async () => {
  const events: Record<string, number> = {
    'badts.scap': 2, 'bigtuple.scap': 4, 'epb_first.pcapng': 3, 'eth_and_ev.pcapng': 3, 'exit_only.scap': 3, 'exit_only2.scap': 5,
    'fdtypes.scap': 7, 'fewer_params.scap': 2, 'flags.scap': 9, 'full.scap': 17, 'full_gz.scap': 17, 'generic.scap': 2,
    'idb_then_scap.pcapng': 17, 'iflist.scap': 1, 'mc.pcapng': 19, 'min_noproc.scap': 17, 'min_only.scap': 17, 'mixed.pcapng': 17,
    'mixed2.pcapng': 19, 'mixed3.pcapng': 2, 'newer_params.scap': 4, 'null_param.scap': 2, 'onelink.pcapng': 18, 'pl_new.scap': 1,
    'pl_none.scap': 1, 'pl_old.scap': 1, 're.pcapng': 17, 'v1.scap': 2,
  }
  for (const [name, count] of Object.entries(events)) {
    const { seen, error } = await read(vector(name))
    assert.is(error, undefined, name)
    assert.is(seen.length, count, name)
  }
})

test('a truncated file gives what is complete, then says where it ends', async () => {
  const trunc = await read(vector('trunc.scap'))
  assert.is(trunc.seen.length, 1)
  assert.is(trunc.error?.code, 'ERR_CAPTURE_TRUNCATED')
  assert.match(trunc.error!.message, /offset 728/)
  const file = readFileSync(vector('full.scap'))
  const ends: number[] = []
  for (let at = 0; at < file.length;) ends.push(at += file.readUInt32LE(at + 4))
  for (let cut = 4; cut < file.length; cut++) {
    const { seen, error } = await read(file.subarray(0, cut))
    assert.is(seen.length, Math.max(0, ends.filter(end => end <= cut).length - 4), `${cut} bytes`)
    assert.is(error?.code, ends.includes(cut) ? undefined : 'ERR_CAPTURE_TRUNCATED', `${cut} bytes`)
  }
})

test('truncated gzip gives all that it holds', async () => {
  const small = readFileSync(fixture('small.scap'))
  const packed = gzipSync(small)
  const { seen, error } = await read(packed.subarray(0, packed.length >> 1))
  assert.is(error?.code, 'ERR_CAPTURE_TRUNCATED')
  assert.ok(seen.length > 1000, `${seen.length} events`)
  const trailer = await read(packed.subarray(0, packed.length - 4))
  assert.is(trailer.seen.length, 5000)
  assert.is(trailer.error?.code, 'ERR_CAPTURE_TRUNCATED')
})

test('events of a section with an interface of their own belong to it', async () => {
  const file = Buffer.concat([sectionHeader(), interfaceBlock({ name: 'eth0' }), interfaceBlock({ linktype: 147, name: 'calls' }), eventBlock(CLOSE)])
  const { seen, capture } = await read(file)
  assert.is(capture.interfaces[seen[0].iface].name, 'calls')
  assert.is(capture.interfaces.length, 2)
})

test('what is used after its burst says so', async () => {
  const capture = await openFile(fixture('small.scap'))
  let event, param, kept
  for await (const burst of capture) {
    for (const ev of burst) {
      event = ev
      param = ev.param(0)
      kept = ev.retain()
      break
    }
    break
  }
  const ended = (error: { code?: string }) => error.code === 'ERR_CAPTURE_LEASE'
  assert.throws(() => event!.ts, ended)
  assert.throws(() => event!.type, ended)
  assert.throws(() => event!.record.copy(), ended)
  assert.throws(() => param!.copy(), ended)
  assert.is(kept!.ts, 1795219052434760474n)
  assert.is(kept!.nparams, 6)
})

test('the limits of every capture', async () => {
  const few = await read(fixture('small.scap'), { maxEvents: 10, chunkSize: 100 })
  assert.is(few.seen.length, 10)
  assert.is(few.capture.stats().delivered, 10)
  const reason = new Error('enough')
  const aborted = await read(fixture('small.scap'), { signal: AbortSignal.timeout(0) }).catch(error => ({ error, seen: [] }))
  assert.ok(aborted.error !== undefined || aborted.seen.length === 5000)
  const controller = new AbortController()
  controller.abort(reason)
  assert.is(await openFile(fixture('small.scap'), { signal: controller.signal }).catch(error => error), reason)
})

test('a pipe that gives nothing more keeps nobody waiting', async () => {
  const start = readFileSync(fixture('small.scap')).subarray(0, 20_000)
  const stalled = async function* () { yield start; await new Promise(() => {}) }
  const events = async (options: object) => {
    let count = 0
    for await (const burst of await openFile(stalled(), options)) for (const _ of burst) count++
    return count
  }
  const begun = performance.now()
  assert.ok(await events({ maxDurationMs: 150 }) > 100)
  const reason = await events({ signal: AbortSignal.timeout(150) }).catch(error => error)
  assert.is(reason.name, 'TimeoutError')
  assert.ok(performance.now() - begun < 2000)
})

test('both.scap has what another reader of the same rings counted', async () => {
  const { seen } = await read(gunzipSync(readFileSync(fixture('both.scap.gz'))))
  assert.is(seen.length, 35415)
})
