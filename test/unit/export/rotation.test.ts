import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { isCaptureError } from '../../../lib/errors.js'
import { type Rotation, writeFiles, type WriteFilesOptions } from '../../../lib/export/rotation.js'
import { openFile } from '../../../lib/iface/file/open.js'
import { SyntheticCapture, type SyntheticRecord } from '../../helpers/capture.js'
import { folder } from '../../helpers/folder.js'
import { record } from '../../helpers/record.js'
import { suite } from '../../helpers/suite.js'

const test = suite('rotation')
const { file } = folder()
const START = 1_700_000_000_999_999_999n

/** Twenty close events, 0.4 s apart, in bursts of seven; what ends its lease is overwritten. */
const RECORDS: SyntheticRecord[] = Array.from({ length: 20 }, (_, i) => ({
  bytes: record({ type: 4, ts: START + BigInt(i) * 400_000_000n, tid: 1000 + i, params: [i] }),
}))

function capture(): SyntheticCapture {
  return new SyntheticCapture([{ bursts: [RECORDS.slice(0, 7), RECORDS.slice(7, 14), RECORDS.slice(14)] }], { poison: true })
}

let made = 0

/** Writes all of it, and gives back the tids by file. */
async function written(name: string, rotation: Rotation, options: WriteFilesOptions = {}): Promise<{ paths: string[]; tids: Record<string, number[]> }> {
  const home = file(`d${made++}`)
  mkdirSync(home)
  const source = capture()
  const { paths } = await writeFiles(source, join(home, name), rotation, options)
  assert.ok(source.closed)
  const tids: Record<string, number[]> = {}
  for (const name of readdirSync(home).sort()) {
    tids[name] = []
    for await (const burst of await openFile(join(home, name))) for (const ev of burst) tids[name].push(ev.tid - 1000)
  }
  return { paths: paths.map(path => path.slice(home.length + 1)), tids }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

test('by number of events, in the middle of bursts; every event once', async () => {
  const seen: number[] = []
  const { paths, tids } = await written('x.scap', { events: 6 }, { onEvent: ev => void seen.push(ev.tid - 1000) })
  assert.equal(tids, { 'x.scap0': range(0, 5), 'x.scap1': range(5, 11), 'x.scap2': range(11, 17), 'x.scap3': range(17, 20) })
  assert.equal(paths, ['x.scap0', 'x.scap1', 'x.scap2', 'x.scap3'])
  assert.equal(seen, range(0, 20))
})

test('no more files than asked for: the oldest is overwritten', async () => {
  const { paths, tids } = await written('x.scap', { events: 6, files: 3 })
  assert.equal(tids, { 'x.scap0': range(17, 20), 'x.scap1': range(5, 11), 'x.scap2': range(11, 17) })
  assert.equal(paths, ['x.scap0', 'x.scap1', 'x.scap2'])
})

test('by time, in whole seconds of the clock', async () => {
  const { tids } = await written('x.scap', { seconds: 2 })
  // 0.999999999 s, then 1.4, 1.8 …: the second in which each begins is what counts.
  assert.equal(tids, { 'x.scap0': range(0, 3), 'x.scap1': range(3, 8), 'x.scap2': range(8, 13), 'x.scap3': range(13, 18), 'x.scap4': range(18, 20) })
})

test('by time, named by it; live the first one as well', async () => {
  const { tids } = await written('%s.scap', { seconds: 4 }, { startedAt: 1_700_000_000 })
  assert.equal(Object.keys(tids), ['1700000000.scap', '1700000004.scap', '1700000008.scap'])
  assert.equal(Object.values(tids).flat(), range(0, 20))
  const few = await written('%s.scap', { seconds: 4, files: 2 }, { startedAt: 1_700_000_000 })
  assert.equal(Object.keys(few.tids), ['1700000004.scap', '1700000008.scap'])
})

test('until ends it all', async () => {
  const { tids } = await written('x.scap', { events: 6 }, { until: ev => ev.tid === 1008 })
  assert.equal(tids, { 'x.scap0': range(0, 5), 'x.scap1': range(5, 8) })
})

test('pcapng, compressed', async () => {
  const { tids } = await written('x.pcapng', { events: 11 }, { gzip: true, framing: 'scap' })
  assert.equal(tids, { 'x.pcapng0': range(0, 10), 'x.pcapng1': range(10, 20) })
})

test('the capture is closed when a file cannot be opened', async () => {
  const source = capture()
  try {
    await writeFiles(source, file('none/x.scap'), { events: 6 })
    assert.unreachable()
  } catch (error) {
    assert.ok(isCaptureError(error) && error.code === 'ERR_CAPTURE_IO', String(error))
  }
  assert.ok(source.closed)
})
