import * as assert from 'uvu/assert'
import type { Slice } from '../../../lib/top/slice.js'
import { compileFilter } from '../../../lib/filter/filter.js'
import { Gathering, MAX_SLICES } from '../../../lib/top/gathering.js'
import { linesOf } from '../../../lib/top/layout.js'
import { Level } from '../../../lib/top/level.js'
import { Model } from '../../../lib/top/model.js'
import { press } from '../../../lib/top/keys.js'
import { spark } from '../../../lib/top/spark.js'
import { FileWatch } from '../../../lib/top/watch.js'
import { VIEW_NAMES } from '../../../lib/top/views.js'
import { openFile } from '../../../lib/iface/file/open.js'
import { suite } from '../../helpers/suite.js'
import { TRACE } from '../../helpers/trace.js'

const test = suite('top')

/** All of the trace, as a view sees it. */
async function gathered(level: Level, { maxKeys = 2000, everyMs = 1000, filter = undefined as string | undefined } = {}): Promise<Gathering> {
  const { analyzer, identity } = level
  const gathering = new Gathering({ analyzer, identity, filter }, { everyMs, maxKeys }, false, () => {})
  for await (const burst of await openFile(TRACE, { state: true })) for (const ev of burst) gathering.add(ev)
  gathering.end()
  return gathering
}

const sums = (level: Level, { rows }: Slice) => Array.from({ length: level.measures }, (_, i) => rows.reduce((sum, row) => sum + Number(row[i]), 0))

test('bars', () => {
  assert.is(spark([0, 1, 4, 8], 4), ' ▁▄█')
  assert.is(spark([5, 5], 4), '  ██')
  assert.is(spark([1, 2, 3], 2), '▅█')
  assert.is(spark([0, 0.001, 1000], 3), ' ▁█')
  assert.is(spark([], 3), '   ')
})

test('the whole is the sum of its intervals, in every view', async () => {
  for (const name of VIEW_NAMES.filter(name => name !== 'events')) {
    const level = new Level(name, [])
    const { slices, whole, intervals } = await gathered(level, { everyMs: 100 }).then(gathering => ({ slices: gathering.slices, whole: gathering.whole(), intervals: gathering.intervals }))
    assert.ok(intervals > 3 && slices.length === intervals)
    assert.equal(sums(level, whole), slices.map(slice => sums(level, slice)).reduce((a, b) => a.map((sum, i) => sum + b[i])), name)
    assert.is(whole.events, slices.reduce((sum, { events }) => sum + events, 0))
  }
})

test('rows and intervals are bounded, and what is cut is told', async () => {
  const level = new Level('syscalls', [])
  const few = (await gathered(level, { maxKeys: 3 })).whole()
  const all = (await gathered(level)).whole()
  assert.is(few.rows.length, 3)
  assert.is(sums(level, few)[0] + few.cut, sums(level, all)[0])
  const short = await gathered(level, { everyMs: 1 })
  assert.ok(short.intervals > MAX_SLICES)
  assert.is(short.slices.length, MAX_SLICES)
  assert.equal(sums(level, short.whole()), sums(level, all))
})

test('what is asked of a row finds the events of that row alone', async () => {
  for (const name of VIEW_NAMES.filter(name => name !== 'events')) {
    const level = new Level(name, [])
    const rows = level.sorted((await gathered(level)).whole())
    const { filter } = level.scopeOf(rows[0])
    const alone = (await gathered(level, { filter })).whole()
    assert.equal(alone.rows, [rows[0]], `${name}: ${filter}`)
  }
})

test('names with anything in them make filters', () => {
  const level = new Level('files', [])
  for (const name of ['/a "b"', "/it's", '/back\\slash', '/new\nline\t\x01', '/ü/日本', '']) {
    const { filter } = level.scopeOf([0, 0, 0, 0, 0, 0, name])
    assert.not.throws(() => compileFilter(filter), undefined, filter)
  }
})

test('any size has exactly its lines, and no key breaks it', async () => {
  const watch = new FileWatch('trace', () => openFile(TRACE, { state: true }), { everyMs: 100, maxKeys: 100 }, () => {})
  const model = new Model(watch, 'processes', '')
  while (watch.running) await new Promise(resolve => setTimeout(resolve, 5))
  const keys = ['down', 'up', 'pagedown', 'pageup', 'end', 'home', '<', '>', 'r', 'left', 'right', 'w', 'p', '?', 'x', '/', 'a', 'enter', 'escape', 'enter', 'enter', 'down', 'escape', 'escape', 'escape', 'tab', '8', '1']
  for (const key of keys) {
    press(model, key)
    for (const [width, height] of [[80, 24], [1, 1], [7, 0], [300, 4], [40, 60]]) {
      const lines = linesOf(model, width, height)
      assert.is(lines.length, height, key)
      assert.ok(lines.every(({ text }) => text.length <= width && !/[\x00-\x1f]/.test(text)), key)
    }
  }
  watch.close()
  await watch.ended
})
