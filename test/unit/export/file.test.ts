import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, createReadStream, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import type { CaptureError } from '../../../lib/errors.js'
import { writeFile } from '../../../lib/export/file.js'
import { scap } from '../../../lib/export/scap.js'
import { synthetic, type SyntheticRecord } from '../../helpers/capture.js'
import { suite } from '../../helpers/suite.js'
import { blocks, collect, options, pcapFile } from './parse.js'

const test = suite('writeFile', { needs: ['linux'] })
const dir = mkdtempSync(join(tmpdir(), 'sysring-file-'))
test.after(() => rmSync(dir, { recursive: true }))

const START = 1_700_000_000_000_000_000n

function records(count: number, size = 90): SyntheticRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const bytes = Buffer.alloc(size + i % 7)
    bytes.writeBigUInt64LE(START + BigInt(i), 0)
    bytes.writeUInt32LE(bytes.length, 16)
    bytes.writeUInt16LE(4 + i % 2, 20)
    return { bytes }
  })
}

async function failed(promise: Promise<unknown>): Promise<CaptureError> {
  return promise.then(() => assert.unreachable('it should have failed'), (error: unknown) => error) as Promise<CaptureError>
}

test('the ending chooses the format, and the bytes are those of the writer', async () => {
  const given = records(3000)
  const path = join(dir, 'a.scap')
  const { format, bytes } = await writeFile(synthetic(given), path)
  assert.is(format, 'scap')
  assert.is(bytes, statSync(path).size)
  assert.is(Buffer.compare(readFileSync(path), await collect(scap()(synthetic(given)))), 0)

  await writeFile(synthetic(given), join(dir, 'a.scap.gz'))
  assert.is(Buffer.compare(gunzipSync(readFileSync(join(dir, 'a.scap.gz'))), readFileSync(path)), 0)
  await writeFile(synthetic(given), join(dir, 'a.pcap'), { precision: 'us', framing: 'user0' })
  assert.is(pcapFile(readFileSync(join(dir, 'a.pcap'))).magic, 0xa1b2c3d4)
})

test('many chunks arrive in order', async () => {
  const given = records(40_000, 300)
  const path = join(dir, 'many.scap')
  await writeFile(synthetic(given, { burst: 1000, poison: true }), path)
  const events = blocks(readFileSync(path)).slice(1)
  assert.is(events.length, given.length)
  events.forEach(({ body }, i) => assert.is(body.readBigUInt64LE(2), START + BigInt(i)))
})

test('a new file is for its owner alone', async () => {
  const before = process.umask(0)
  try {
    await writeFile(synthetic(records(1)), join(dir, 'mode.scap'))
  } finally {
    process.umask(before)
  }
  assert.is(statSync(join(dir, 'mode.scap')).mode & 0o777, 0o600)
})

test('an existing file keeps its group and loses everybody', async () => {
  const path = join(dir, 'old.scap')
  writeFileSync(path, 'x'.repeat(100_000))
  chmodSync(path, 0o664)
  await writeFile(synthetic(records(1)), path)
  assert.is(statSync(path).mode & 0o777, 0o660)
  assert.is(blocks(readFileSync(path)).length, 2)
})

test('pcapng scap: the statistics stand before the first event', async () => {
  const path = join(dir, 'stats.pcapng')
  const stats = { seen: 12, delivered: 10, dropped: { total: 2, ring: 2 } }
  await writeFile(synthetic(records(10), { stats, metadata: [{ type: 0x201, body: new Uint8Array(180) }] }), path, { framing: 'scap' })
  const list = blocks(readFileSync(path))
  assert.equal(list.slice(0, 5).map(({ type }) => type), [0x0a0d0d0a, 1, 5, 0x201, 0x216])
  const found = options(list[2].body.subarray(12))
  assert.is(found.get(4)!.readBigUInt64LE(), 12n)
  assert.is(found.get(5)!.readBigUInt64LE(), 2n)
  assert.is(BigInt(found.get(3)!.readUInt32LE(0)) << 32n | BigInt(found.get(3)!.readUInt32LE(4)), START + 9n)
})

test('pcapng scap into a pipe or compressed: no statistics', async () => {
  await writeFile(synthetic(records(2)), join(dir, 's.pcapng.gz'), { framing: 'scap' })
  assert.equal(blocks(gunzipSync(readFileSync(join(dir, 's.pcapng.gz')))).map(({ type }) => type), [0x0a0d0d0a, 1, 0x216, 0x216])

  const fifo = join(dir, 'fifo1')
  execFileSync('mkfifo', [fifo])
  const read = collect(createReadStream(fifo))
  await writeFile(synthetic(records(2)), fifo, { framing: 'scap' })
  assert.equal(blocks(await read).map(({ type }) => type), [0x0a0d0d0a, 1, 0x216, 0x216])
})

test('no space: a coded error with a hint, and the capture is closed', async () => {
  const source = synthetic(records(20_000))
  const error = await failed(writeFile(source, '/dev/full', { format: 'scap' }))
  assert.is(error.code, 'ERR_CAPTURE_IO')
  assert.match(error.message, /\/dev\/full: ENOSPC/)
  assert.match(error.hint, /df -h/)
  assert.ok(source.closed)
})

test('the reader goes away: EPIPE', async () => {
  const fifo = join(dir, 'fifo2')
  execFileSync('mkfifo', [fifo])
  const reader = createReadStream(fifo)
  reader.once('data', () => reader.destroy())
  const error = await failed(writeFile(synthetic(records(50_000), { burst: 100 }), fifo, { format: 'scap' }))
  assert.is(error.code, 'ERR_CAPTURE_IO')
  assert.match(error.message, /EPIPE/)
})

test('paths that cannot be written', async () => {
  for (const path of [join(dir, 'no', 'such.scap'), dir]) {
    const source = synthetic(records(1))
    const error = await failed(writeFile(source, path))
    assert.is(error.code, 'ERR_CAPTURE_IO')
    assert.ok(source.closed)
  }
  symlinkSync(join(dir, 'loop'), join(dir, 'loop'))
  assert.match((await failed(writeFile(synthetic(records(1)), join(dir, 'loop')))).message, /ELOOP/)
})

test('wrong options leave an existing file alone', async () => {
  const path = join(dir, 'kept.scap')
  writeFileSync(path, 'kept')
  assert.is((await failed(writeFile(synthetic(records(1)), path, { framing: 'ethernet' }))).code, 'ERR_CAPTURE_OPTION')
  assert.is((await failed(writeFile(synthetic(records(1)), path, { format: 'pcap', snaplen: 3 }))).code, 'ERR_CAPTURE_OPTION')
  assert.is(readFileSync(path, 'utf8'), 'kept')
})

test('an error of the source: what came before it is in the file, whole', async () => {
  const path = join(dir, 'source.pcapng')
  const source = synthetic([...records(700), { ts: START, packet: Buffer.alloc(9), linktype: 105 }, ...records(9)])
  assert.is((await failed(writeFile(source, path))).code, 'ERR_CAPTURE_FORMAT')
  assert.is(blocks(readFileSync(path)).filter(({ type }) => type === 6).length, 700)
})

// The size limit of a process stops a write in the middle just as a full disk does.
for (const [name, extra] of [['full.scap', {}], ['full.pcapng', {}], ['full-scap.pcapng', { framing: 'scap' }], ['full.pcap', {}]] as const) {
  for (const kib of [0, 33, 700]) {
    test(`${name} that may have ${kib} KiB ends with a whole block`, () => {
      const path = join(dir, name)
      writeFileSync(path, '')
      const script = fileURLToPath(new URL('limited.ts', import.meta.url))
      const { stdout, stderr } = spawnSync(
        'bash', ['-c', `ulimit -f ${kib} && exec "$0" "$@"`, process.execPath, '--import', 'tsx', script, path, JSON.stringify(extra)],
        { encoding: 'utf8' },
      )
      assert.match(stdout, /^ERR_CAPTURE_IO EFBIG .*ulimit/, stderr)
      const file = readFileSync(path)
      assert.ok(file.length <= kib * 1024)
      if (name.endsWith('.pcap')) {
        if (kib > 0) assert.ok(pcapFile(file).packets.length > 0)
      } else {
        const list = blocks(file)
        if (kib > 0) assert.ok(kib * 1024 - file.length < 200, 'nothing more than a block was taken back')
        if (extra !== undefined && 'framing' in extra && kib > 0) {
          assert.is(options(list[2].body.subarray(12)).get(4)!.readBigUInt64LE() > 0n, true, 'with statistics')
        }
      }
      truncateSync(path)
    })
  }
}
