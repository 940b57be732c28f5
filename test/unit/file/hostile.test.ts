// timeout: 180
/**
 * Files made to harm: thousands of mutated captures. Each has to end in data or in a CaptureError, soon and in bounded
 * memory. The mutations come from a seeded generator, so a failure can be repeated: it names its seed.
 */
import { readFileSync } from 'node:fs'
import { createGzip, gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { CaptureError } from '../../../lib/errors.js'
import { parseMetadata } from '../../../lib/iface/file/lists.js'
import { openFile } from '../../../lib/iface/file/open.js'
import { suite } from '../../helpers/suite.js'
import { block, bytes, CLOSE, eventBlock, fixture, interfaceBlock, packetBlock, pcap, sectionHeader, vector } from './build.js'

const test = suite('hostile files', { timeoutMs: 60_000 })

/** mulberry32 */
function random(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0) / 4294967296
  }
}

const MEBI = 1024 * 1024

/** Reads all that there is, touching every byte that is handed out; returns the number of records. */
async function exhaust(content: Uint8Array | AsyncIterable<Uint8Array>, chunkSize?: number): Promise<number> {
  let count = 0
  try {
    const source = content instanceof Uint8Array ? (async function* () { yield content })() : content
    const capture = await openFile(source, { chunkSize })
    for await (const burst of capture) {
      for (const ev of burst) {
        count++
        const { length } = ev.record
        assert.is(length, ev.packet === undefined ? ev.len : ev.caplen)
        ev.record.copy()
        for (let i = 0, inside = 0; i < ev.nparams && ev.packet === undefined; i++) {
          const param = ev.param(i)!
          inside += param.copy().length
          assert.is(param.copy().length, param.length)
          assert.ok(inside < length, 'parameters lie in their record')
        }
        assert.is(typeof ev.ts, 'bigint')
        assert.is(typeof ev.tid, 'number')
      }
    }
    parseMetadata(capture.metadata)
    const { seen, delivered, dropped, filtered } = capture.stats()
    assert.is(delivered, count)
    assert.is(seen, delivered + dropped.total + filtered)
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error
    assert.match(error.code, /^ERR_CAPTURE_(FORMAT|TRUNCATED|VERSION)$/)
  }
  return count
}

const ETHERNET = Buffer.from('02737973000102737973000288b5', 'hex')
const FRAME = Buffer.concat([ETHERNET, bytes(true, [1, 1], [1, 0], [2, 0], CLOSE)])

const SEEDS: Record<string, Buffer> = {
  full: readFileSync(vector('full.scap')),
  fdtypes: readFileSync(vector('fdtypes.scap')),
  old: readFileSync(vector('v1.scap')),
  flags: readFileSync(vector('bt_217.scap')),
  large: readFileSync(vector('plug221.scap')),
  sections: readFileSync(vector('two_sections.scap')),
  mixed: readFileSync(vector('mc.pcapng')),
  small: readFileSync(fixture('small.scap')).subarray(0, 12_000),
  pcap: pcap([{ seconds: 1, fraction: 2, data: FRAME }, { seconds: 1, fraction: 2, data: FRAME.subarray(0, 40) }]),
  pcapng: Buffer.concat([
    sectionHeader(), interfaceBlock({ name: 'eth0', tsresol: 9 }), packetBlock(FRAME), interfaceBlock({ linktype: 147, tsoffset: 4n }),
    packetBlock(FRAME.subarray(14), { iface: 1 }), eventBlock(CLOSE), block(3, bytes(true, [4, 40], FRAME)), packetBlock(FRAME),
  ]),
  big: Buffer.concat([sectionHeader(false), interfaceBlock({ little: false }), packetBlock(FRAME, { little: false })]),
}

const MUTATIONS: ((file: Buffer, next: () => number) => Buffer)[] = [
  // bits flipped
  (file, next) => { for (let i = 1 + next() * 8; i > 0; i--) file[next() * file.length | 0] ^= 1 << next() * 8; return file },
  // bytes set to what breaks arithmetic
  (file, next) => { for (let i = 1 + next() * 4; i > 0; i--) file[next() * file.length | 0] = [0, 1, 0x7f, 0x80, 0xff][next() * 5 | 0]; return file },
  // a word that is a length, or will be taken for one
  (file, next) => {
    const at = Math.max(0, (next() * (file.length / 4) | 0) * 4 - 4)
    file.writeUInt32LE([0, 1, 8, 11, 12, 13, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc, 65536, file.length, next() * 2 ** 32 >>> 0][next() * 13 | 0], at)
    return file
  },
  // cut
  (file, next) => file.subarray(0, next() * file.length | 0),
  // a piece left out, or put in twice
  (file, next) => {
    const [from, to] = [next() * file.length | 0, next() * file.length | 0].sort((a, b) => a - b)
    return next() < 0.5 ? Buffer.concat([file.subarray(0, from), file.subarray(to)]) : Buffer.concat([file.subarray(0, to), file.subarray(from)])
  },
  // the block type of something else
  (file, next) => {
    const ends = [0]
    for (let at = 0; at + 8 <= file.length && file.readUInt32LE(at + 4) >= 12; ) ends.push(at += file.readUInt32LE(at + 4))
    const at = ends[next() * ends.length | 0]
    const types = [1, 2, 3, 5, 6, 0x201, 0x202, 0x203, 0x204, 0x205, 0x206, 0x208, 0x215, 0x216, 0x217, 0x218, 0x219, 0x220, 0x221, 0x222, 0x8010abcd]
    if (at + 4 <= file.length) file.writeUInt32LE(types[next() * types.length | 0], at)
    return file
  },
]

test('mutated captures', async () => {
  let records = 0
  for (const [name, original] of Object.entries(SEEDS)) {
    for (let seed = 1; seed <= 500; seed++) {
      const next = random(seed)
      let file: Buffer = Buffer.from(original)
      for (let rounds = 1 + next() * 3 | 0; rounds > 0 && file.length > 8; rounds--) file = MUTATIONS[next() * MUTATIONS.length | 0](file, next)
      try {
        records += await exhaust(file, next() < 0.3 ? 64 : undefined)
      } catch (error) {
        throw new Error(`${name}, seed ${seed}: ${(error as Error).stack}`)
      }
    }
  }
  assert.ok(records > 10_000, `${records} records`)
})

test('mutated gzip', async () => {
  const packed = gzipSync(SEEDS.small)
  for (let seed = 1; seed <= 300; seed++) {
    const next = random(seed)
    await exhaust(MUTATIONS[next() * 4 | 0](Buffer.from(packed), next))
  }
})

test('random bytes behind every magic', async () => {
  const magics = ['0a0d0d0a', '1f8b0800', 'a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', '00000000', '']
  for (let seed = 1; seed <= 400; seed++) {
    const next = random(seed)
    const noise = Buffer.from(Array.from({ length: next() * 2000 | 0 }, () => next() * 256 | 0))
    await exhaust(Buffer.concat([Buffer.from(magics[seed % magics.length], 'hex'), noise]))
  }
})

/** Memory in use apart from the heap, and the heap. */
const memory = () => process.memoryUsage().rss / MEBI

async function* endless(head: Uint8Array, chunk: Uint8Array, total: number) {
  yield head
  for (let sent = 0; sent < total; sent += chunk.length) yield chunk
}

test('a gzip that never ends takes no memory', async () => {
  // 1 GiB of one skipped block after the other, from 1 MiB of gzip
  const zeros = block(0xbad, Buffer.alloc(MEBI))
  const before = memory()
  const gzip = createGzip()
  const feed = async () => {
    gzip.write(sectionHeader())
    for (let i = 0; i < 512; i++) if (!gzip.write(zeros)) await new Promise(resolve => gzip.once('drain', resolve))
    gzip.end()
  }
  void feed()
  assert.is(await exhaust(gzip), 0)
  assert.ok(memory() - before < 120, `${memory() - before} MiB more`)
})

test('blocks without end take no memory', async () => {
  const many = (one: Uint8Array) => Buffer.concat(Array.from({ length: Math.ceil(MEBI / one.length) }, () => one))
  const head = Buffer.concat([sectionHeader(), interfaceBlock()])
  for (const [what, chunk] of Object.entries({
    metadata: block(0x215, Buffer.alloc(MEBI)),
    sections: many(sectionHeader()),
    interfaces: many(interfaceBlock({ name: 'x' })),
    unknown: many(block(0xbad, Buffer.alloc(0))),
    'a section header of 16 MiB': bytes(true, [4, 0x0a0d0d0a], [4, 16 * MEBI], [4, 0x1a2b3c4d], Buffer.alloc(16 * MEBI - 16), [4, 16 * MEBI]),
  })) {
    const before = memory()
    const begun = performance.now()
    await exhaust(endless(head, chunk, 256 * MEBI))
    assert.ok(memory() - before < 250, `${what}: ${memory() - before} MiB more`)
    assert.ok(performance.now() - begun < 20_000, `${what}: ${performance.now() - begun} ms`)
  }
})

test('a long block that comes byte by byte', async () => {
  const large = block(0x215, Buffer.alloc(300_000))
  const file = Buffer.concat([sectionHeader(), large, eventBlock(CLOSE)])
  const begun = performance.now()
  assert.is(await exhaust((async function* () { for (let at = 0; at < file.length; at++) yield file.subarray(at, at + 1) })()), 1)
  assert.ok(performance.now() - begun < 10_000)
})
