// timeout: 300
/** Every field, line and option on every recording and vector, byte for byte as Debian's sysdig prints them. */
import { basename, join } from 'node:path'
import * as assert from 'uvu/assert'
import { CONTAINER_FORMAT, DEFAULT_FORMAT, type FormatOptions } from '../../../lib/field/formatter.js'
import { fields } from '../../../lib/field/registry.js'
import { run } from '../../helpers/run.js'
import { suite } from '../../helpers/suite.js'
import {
  type Column, column, columns, compare, compareFields, compareJson, compareLines, FIELDS, FIXTURES, Judge, ourLines, RECORDINGS,
  sum, sysdig, VECTORS,
} from './compare.js'

const asSysdig = suite('recordings as sysdig', { needs: ['sysdig'], timeoutMs: 120_000 })
const judge = new Judge('recordings')
const FILES = [...RECORDINGS, ...VECTORS]
const SMALL = join(FIXTURES, 'small.scap')

asSysdig('every field of sysdig is there', async () => {
  const { stdout } = await run('sysdig', ['-l'])
  const field = /^((?:evt|proc|thread|fd|user|group|container|fdlist|syslog|syscall|util)\.[a-z0-9_.]+)/gm
  const listed = [...stdout.matchAll(field)].map(([, name]) => name)
  assert.ok(listed.length > 150, `${listed.length} fields listed`)
  const known = new Set(fields().map(({ name }) => name))
  assert.equal(listed.filter(name => !known.has(name)), [])
})

for (const path of RECORDINGS) {
  asSysdig(`${basename(path)}: every field`, async () => {
    const compared = await compareFields(judge, path)
    assert.ok(compared > 1_000_000, `${compared} values compared`)
  })
}

asSysdig('vectors: every field', async () => {
  const compared = await sum(VECTORS, path => compareFields(judge, path))
  assert.ok(compared > 50_000, `${compared} values compared`)
})

/**
 * In JSON sysdig asks each field twice, which those notice that look at the time before; and it ends at the first number of
 * evt.rawarg, and at proc.fdusage, with "wrong event type".
 */
const IN_JSON = FIELDS.filter(name => !/^(evt\.deltatime|thread\.(tot)?exectime|evt\.rawarg|proc\.fdusage)/.test(name))

asSysdig('every field in JSON', async () => {
  const compared = await sum(FILES, path => compareJson(judge, path, IN_JSON))
  assert.ok(compared > 56_000, `${compared} lines`)
})

asSysdig('times in another zone', async () => {
  process.env.TZ = 'America/New_York'
  try {
    const compared = await compare(judge, SMALL, columns(FIELDS.filter(name => /time/.test(name))))
    assert.ok(compared > 50_000, `${compared} values compared`)
  } finally {
    process.env.TZ = 'UTC'
  }
})

/** Without the number of the event: a file with packets numbers them too. */
const line = (format: string): Column => column(format.replace('*%evt.num ', ''))
const COLUMNS = [line(DEFAULT_FORMAT), line(CONTAINER_FORMAT), ...columns(['evt.outputtime', 'evt.buffer', 'evt.args', 'evt.arg.data'])]

for (const [flags, options] of [
  [[], {}],
  [['-t', 'a'], { time: 'a' }],
  [['-t', 'r'], { time: 'r' }],
  [['-t', 'd'], { time: 'd' }],
  [['-t', 'D'], { time: 'D' }],
  [['-A'], { buffers: 'ascii' }],
  [['-x'], { buffers: 'hex' }],
  [['-X'], { buffers: 'hexascii' }],
  [['-b'], { buffers: 'base64' }],
  [['-v'], { whole: true }],
] as [string[], FormatOptions][]) {
  asSysdig(`lines, times and data: ${flags.join(' ')}`, async () => {
    const compared = await sum(FILES, path => compare(judge, path, COLUMNS, { flags, options }))
    assert.ok(compared > 6 * 56_000, `${compared} values compared`)
  })
}

for (const [name, flags, format, options] of [
  ['default', [], DEFAULT_FORMAT, {}],
  ['-pc', ['-pc'], CONTAINER_FORMAT, {}],
  ['-j', ['-j'], DEFAULT_FORMAT, { json: true }],
] as [string, string[], string, FormatOptions][]) {
  asSysdig(`the format itself: ${name}`, async () => {
    const compared = await sum(FILES, path => compareLines(judge, path, format, { flags, options }))
    assert.ok(compared > 56_000, `${compared} lines`)
  })
}

asSysdig('a line with a missing value is left out', async () => {
  const format = '%evt.num %evt.buflen %evt.deltatime'
  const lines = await ourLines(SMALL, format)
  assert.ok(lines.length > 100, `${lines.length} lines`)
  assert.equal(lines, await sysdig(SMALL, ['-p', format], '\n'))
})

asSysdig('every difference that is listed is one', () => {
  assert.equal(judge.unused(), [])
})
