// timeout: 400
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { SHIPPED_NAMES } from '../../lib/analyze/index.js'
import { folder } from '../helpers/folder.js'
import { ROOT, run, SYSRING } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('workers', { timeoutMs: 380_000 })
const { file } = folder()

interface Compared {
  name: string
  comparisons: number
  rows: number
  different: { file: string; workers: number; everyMs?: number }[]
}

test('every analyzer reports the same of every recording on one thread, two and four', async () => {
  // Of those that lie there uncompressed each thread reads its share itself; of the others they get it over queues.
  const medium = file('medium.scap')
  execFileSync('sh', ['-c', `gzip -dc ${join(ROOT, 'test/fixtures/medium.scap.gz')} > ${medium}`])
  const recordings = [medium, ...['both.scap.gz', 'small.scap'].map(name => join(ROOT, 'test/fixtures', name))]
  const isBundle = SYSRING.length === 2
  const modules = (isBundle ? ['dist/index.js', 'dist/analyze.js'] : ['lib/index.ts', 'lib/analyze/index.ts']).map(path => join(ROOT, path))
  const { code, stdout, stderr } = await run(process.execPath, [...SYSRING.slice(1, -1), join(ROOT, 'test/cli/programs/workers.mjs'), ...modules, ...recordings], { timeoutMs: 370_000 })
  assert.is(code, 0, stderr)
  const all = stdout.trimEnd().split('\n').map(line => JSON.parse(line) as Compared)
  assert.equal(all.flatMap(({ name, different }) => different.map(where => ({ name, ...where }))), [])
  assert.ok(all.length > SHIPPED_NAMES.length - 8, `${all.length} of ${SHIPPED_NAMES.length} analyzers`)
  assert.ok(all.every(({ comparisons }) => comparisons >= 2 * recordings.length))
  const silent = all.filter(({ rows }) => rows === 0).map(({ name }) => name)
  console.log(`\nNOTE ${all.reduce((sum, { comparisons }) => sum + comparisons, 0)} comparisons of ${all.length} analyzers, ${all.reduce((sum, { rows }) => sum + rows, 0)} rows; nothing to report: ${silent.join(', ')}`)
})
