// timeout: 120
/** Which events a filter selects, against what sysdig selects with the same filter. */
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { isCaptureError } from '../../lib/errors.js'
import { compileFilter } from '../../lib/filter/filter.js'
import { openFile } from '../../lib/iface/file/open.js'
import { ROOT, run } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { FILES, type File, FILTERS, NEWER, REFUSED } from './filters.js'

const test = suite('filters as sysdig', { needs: ['sysdig'], timeoutMs: 90_000 })

/** At the end of these calls sysdig knows their fd no more: it takes it for -1, with an empty name. */
const UNLIKE = new Set(['setsockopt'])

const path = (file: File) => join(ROOT, 'test/fixtures', FILES[file])

/** Numbers of the events that sysdig shows; with others it only updates its state. */
async function sysdig(file: File, filter?: string): Promise<number[]> {
  const { stdout, stderr } = await run('sysdig', ['-r', path(file), '-p', '%evt.num', ...(filter === undefined ? [] : [filter])])
  assert.is(stderr, '', filter)
  return stdout.split('\n').filter(line => line !== '').map(Number)
}

async function ours(file: File, filter?: string): Promise<{ num: number; name: string }[]> {
  const events: { num: number; name: string }[] = []
  for await (const burst of await openFile(path(file), filter === undefined ? {} : { filter })) {
    for (const ev of burst) events.push({ num: ev.num, name: ev.name })
  }
  return events
}

interface Shown { readonly count: number; readonly compared: ReadonlySet<number> }

const shown = new Map<File, Promise<Shown>>()

async function look(file: File): Promise<Shown> {
  const nums = await sysdig(file)
  const unlike = new Set((await ours(file)).filter(({ name }) => UNLIKE.has(name)).map(({ num }) => num))
  return { count: nums.length, compared: new Set(nums.filter(num => !unlike.has(num))) }
}

/** What is wrong with a filter; '' if nothing is. */
async function difference(filter: string, files: readonly File[]): Promise<string> {
  let selects = false
  const wrong: string[] = []
  for (const file of files) {
    const seen = shown.get(file) ?? look(file)
    shown.set(file, seen)
    const { count, compared } = await seen
    const [theirs, mine] = await Promise.all([sysdig(file, filter), ours(file, filter)])
    if (theirs.length > 0 && theirs.length < count) selects = true
    const expected = new Set(theirs.filter(num => compared.has(num)))
    const selected = new Set(mine.map(({ num }) => num).filter(num => compared.has(num)))
    const missing = [...expected].filter(num => !selected.has(num))
    const extra = [...selected].filter(num => !expected.has(num))
    if (missing.length + extra.length === 0) continue
    const some = (nums: readonly number[]) => `${nums.length} (${nums.slice(0, 5).join(' ')})`
    wrong.push(`${filter}: of ${file} missing ${some(missing)}, too many ${some(extra)}`)
  }
  if (!selects) wrong.push(`${filter}: sysdig selects nothing or everything`)
  return wrong.join('\n')
}

const groups = new Map<string, (typeof FILTERS)[number][]>()
for (const entry of FILTERS) {
  const group = entry[1].join(' and ')
  groups.set(group, [...(groups.get(group) ?? []), entry])
}

for (const [group, filters] of groups) {
  test(`${filters.length} filters on ${group}`, async () => {
    const wrong: string[] = []
    for (const [filter, files] of filters) {
      const what = await difference(filter, files)
      if (what !== '') wrong.push(what)
    }
    assert.is(wrong.join('\n'), '')
  })
}

test('at least 150 filters are compared, each once', () => {
  assert.ok(FILTERS.length >= 150, `${FILTERS.length}`)
  assert.is(new Set(FILTERS.map(([filter, files]) => `${filter} ${files.join()}`)).size, FILTERS.length)
})

test('what sysdig refuses is refused', async () => {
  const isRefused = async (filter: string) => (await run('sysdig', ['-r', path('full'), '-p', '%evt.num', filter])).stderr.trim() !== ''
  for (const filter of REFUSED) {
    assert.ok(await isRefused(filter), `sysdig takes ${filter}`)
    assert.throws(() => compileFilter(filter), isCaptureError, filter)
  }
  for (const filter of NEWER) {
    assert.ok(await isRefused(filter), `sysdig takes ${filter}`)
    compileFilter(filter)
  }
  assert.ok(REFUSED.length > 50)
})
