import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { CaptureError } from '../../../lib/errors.js'
import { openFile } from '../../../lib/iface/file/open.js'
import { suite } from '../../helpers/suite.js'
import { block, bytes, CLOSE, eventBlock, interfaceBlock, packetBlock, pcap, read, record, sectionHeader } from './build.js'

const test = suite('what is wrong with a file')

const opening = async (source: string | AsyncIterable<Uint8Array>): Promise<CaptureError> => {
  const error = await openFile(source).then(() => undefined, error => error)
  assert.instance(error, CaptureError)
  assert.ok(error.hint.length > 10)
  return error
}

async function* chunks(...list: Uint8Array[]) { yield* list }

test('no such file, no file at all', async () => {
  const missing = await opening('/no/such/file.scap')
  assert.is(missing.code, 'ERR_CAPTURE_IO')
  assert.match(missing.message, '/no/such/file.scap')
  assert.match(missing.hint, 'ls -l')
  assert.is((missing.cause as NodeJS.ErrnoException).code, 'ENOENT')
  const folder = mkdtempSync(join(tmpdir(), 'sysring-'))
  try {
    const directory = await opening(folder)
    assert.is(directory.code, 'ERR_CAPTURE_IO')
    assert.match(directory.hint, 'directory')
    const path = join(folder, 'x')
    writeFileSync(path, '')
    assert.is((await opening(path)).code, 'ERR_CAPTURE_TRUNCATED')
    writeFileSync(path, '\x7fELF and so on')
    const elf = await opening(path)
    assert.is(elf.code, 'ERR_CAPTURE_FORMAT')
    assert.match(elf.message, '7f454c46')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('compressed in a way that is not known', async () => {
  const error = await opening(chunks(Buffer.from('28b52ffd00000000', 'hex')))
  assert.is(error.code, 'ERR_CAPTURE_FORMAT')
  assert.match(error.hint, 'zstd -d')
})

test('a stream that fails, or gives text', async () => {
  const failure = new Error('the disk is gone')
  async function* failing() { yield sectionHeader(); throw failure }
  const { error } = await read(sectionHeader()).then(async () => {
    const capture = await openFile(failing())
    try {
      for await (const _ of capture) { /* nothing to see */ }
      return { error: undefined }
    } catch (error) {
      return { error: error as CaptureError }
    }
  })
  assert.is(error?.code, 'ERR_CAPTURE_IO')
  assert.is(error?.cause, failure)
  assert.is((await opening(chunks('text' as unknown as Uint8Array))).code, 'ERR_CAPTURE_OPTION')
})

const whole = sectionHeader()
const cases: Record<string, Buffer> = {
  'a block shorter than its framing': bytes(true, [4, 0xbad], [4, 8], [4, 8]),
  'an event block with two lengths': Buffer.concat([eventBlock(CLOSE).subarray(0, -4), bytes(true, [4, 999])]),
  'a metadata block with two lengths': Buffer.concat([block(0x201, Buffer.alloc(180)).subarray(0, -4), bytes(true, [4, 999])]),
  'an event shorter than its header': eventBlock(record(5, [], { len: 20 })),
  'an event longer than its block': eventBlock(record(5, [], { len: 100 })),
  'more parameters than bytes': eventBlock(record(5, [], { nparams: 0xffffffff })),
  'parameters longer than the event': eventBlock(record(5, [Buffer.alloc(8)], { len: 30 })),
  'u32 lengths that wrap around': eventBlock(record(322, [], { nparams: 0x40000000 }), { type: 0x221 }),
  'an event block over the driver\'s limit': eventBlock(record(5, [Buffer.alloc(60000), Buffer.alloc(20000)])),
  'an event block without room': block(0x216, Buffer.alloc(4)),
  'a packet of an interface that is not described': packetBlock(Buffer.alloc(10)),
  'a simple packet without interface': block(3, bytes(true, [4, 10], Buffer.alloc(10))),
  'a packet longer than its block': Buffer.concat([interfaceBlock(), block(6, bytes(true, [4, 0], [8, 0], [4, 100], [4, 100], Buffer.alloc(8)))]),
  'a packet block of 17 MiB': Buffer.concat([interfaceBlock(), bytes(true, [4, 6], [4, 17 << 20], Buffer.alloc(100))]),
  'an interface description without its fields': block(1, Buffer.alloc(4)),
  'statistics without their fields': block(5, Buffer.alloc(4)),
  'a section header without byte order': block(0x0a0d0d0a, Buffer.alloc(16)),
  'a section header without version': block(0x0a0d0d0a, bytes(true, [4, 0x1a2b3c4d])),
}

for (const [what, damage] of Object.entries(cases)) {
  test(what, async () => {
    const before = Buffer.concat([whole, eventBlock(CLOSE)])
    const { seen, error } = await read(Buffer.concat([before, damage, eventBlock(CLOSE)]))
    assert.is(error?.code, 'ERR_CAPTURE_FORMAT')
    assert.is(seen.length, 1, 'what comes before is delivered')
    const at = damage.readUInt32LE(0) === 1 && damage.length > 20 ? before.length + damage.readUInt32LE(4) : before.length
    assert.match(error!.message, `offset ${at}`)
    assert.match(error!.hint, 'damaged')
  })
}

test('events of a big-endian machine', async () => {
  const { error } = await read(Buffer.concat([sectionHeader(false), block(0x216, Buffer.alloc(30), false)]))
  assert.is(error?.code, 'ERR_CAPTURE_FORMAT')
  assert.match(error!.message, 'big-endian')
})

test('a pcap packet that cannot be', async () => {
  const file = pcap([{ seconds: 1, fraction: 2, data: Buffer.alloc(4) }])
  const { seen, error } = await read(Buffer.concat([file, bytes(true, [4, 1], [4, 1], [4, 0x7fffffff], [4, 9])]))
  assert.is(seen.length, 1)
  assert.is(error?.code, 'ERR_CAPTURE_FORMAT')
  assert.match(error!.message, `offset ${file.length}`)
})
