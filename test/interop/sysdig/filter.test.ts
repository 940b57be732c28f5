// timeout: 120
/** Which events a filter selects, against what sysdig selects with the same filter. */
import { basename, join } from 'node:path'
import * as assert from 'uvu/assert'
import { isCaptureError } from '../../../lib/errors.js'
import type { Event } from '../../../lib/event/event.js'
import { compileFilter } from '../../../lib/filter/filter.js'
import { openFile } from '../../../lib/iface/file/open.js'
import { run } from '../../helpers/run.js'
import { suite } from '../../helpers/suite.js'
import { FIXTURES, Judge } from './compare.js'
import { FILES, type File, FILTERS, NEWER, REFUSED } from './filters.js'

const test = suite('filters as sysdig', { needs: ['sysdig'], timeoutMs: 90_000 })
const judge = new Judge('filters')

const path = (file: File) => join(FIXTURES, FILES[file])

/** Numbers of the events that sysdig shows; with others it only updates its state. */
async function sysdig(file: File, filter?: string): Promise<number[]> {
  const { stdout, stderr } = await run('sysdig', ['-r', path(file), '-p', '%evt.num', ...(filter === undefined ? [] : [filter])])
  assert.is(stderr, '', filter)
  return stdout.split('\n').filter(line => line !== '').map(Number)
}

/** What the list of differences looks at. */
type Named = Pick<Event, 'dir' | 'name'>

async function ours(file: File, filter?: string): Promise<Map<number, Named>> {
  const events = new Map<number, Named>()
  for await (const burst of await openFile(path(file), filter === undefined ? {} : { filter })) {
    for (const { num, dir, name } of burst) events.set(num, { dir, name })
  }
  return events
}

interface Shown { readonly nums: ReadonlySet<number>; readonly events: ReadonlyMap<number, Named> }

const shown = new Map<File, Promise<Shown>>()

async function look(file: File): Promise<Shown> {
  return { nums: new Set(await sysdig(file)), events: await ours(file) }
}

/** The fields in a filter. */
const fieldsOf = (filter: string) => filter.match(/\b[a-z]+(\.[a-z_]+)+/g) ?? []

/** What is wrong with a filter; '' if nothing is. */
async function difference(filter: string, files: readonly File[]): Promise<string> {
  let selects = false
  const wrong: string[] = []
  for (const file of files) {
    const seen = shown.get(file) ?? look(file)
    shown.set(file, seen)
    const { nums, events } = await seen
    const [theirs, mine] = await Promise.all([sysdig(file, filter), ours(file, filter)])
    if (theirs.length > 0 && theirs.length < nums.size) selects = true
    const isWrong = (num: number) => nums.has(num) && !judge.allows(basename(path(file)), '', fieldsOf(filter), events.get(num)!)
    const missing = theirs.filter(num => !mine.has(num) && isWrong(num))
    const expected = new Set(theirs)
    const extra = [...mine.keys()].filter(num => !expected.has(num) && isWrong(num))
    if (missing.length + extra.length === 0) continue
    const some = (list: readonly number[]) => `${list.length} (${list.slice(0, 5).join(' ')})`
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

test('every difference that is listed is one', () => {
  assert.equal(judge.unused(), [])
})
