/** What `ev.field()` gives, against what its types say. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { fieldTypes } from '../../../lib/field/generate.js'
import { fields } from '../../../lib/field/registry.js'
import { openFile } from '../../../lib/iface/file/open.js'
import { ROOT } from '../../helpers/run.js'
import { suite } from '../../helpers/suite.js'

const test = suite('types of fields')

test('what is committed is current', () => {
  assert.is(readFileSync(join(ROOT, 'lib/field/types.generated.ts'), 'utf8'), fieldTypes(), 'run: npm run generate')
})

const WIDE = ['number', 'bigint']
const JS_TYPES: Readonly<Record<string, readonly string[]>> = {
  CHARBUF: ['string'], IPADDR: ['string'], IPNET: ['string'], BYTEBUF: ['object'], BOOL: ['boolean'],
  INT64: WIDE, UINT64: WIDE, RELTIME: WIDE, ABSTIME: WIDE, DYN: [...WIDE, 'string', 'boolean', 'object'],
}

test('values are of the type that their field has', async () => {
  const plain = fields().filter(({ arg, filterOnly }) => arg !== 'required' && filterOnly !== true)
  const seen = new Set<string>()
  for await (const burst of await openFile(join(ROOT, 'test/fixtures/small.scap'), { state: true })) {
    for (const ev of burst) {
      for (const { name, type } of plain) {
        const value = ev.field(name as string)
        if (value === undefined) continue
        seen.add(name)
        assert.ok((JS_TYPES[type] ?? ['number']).includes(typeof value), `${name} of event ${ev.num} is a ${typeof value}: ${String(value)}`)
      }
    }
  }
  assert.ok(seen.size > 120, `${seen.size} fields had a value`)
})

test('the common ones are properties, and say so where nothing is followed', async () => {
  for await (const burst of await openFile(join(ROOT, 'test/fixtures/small.scap'), { state: true, maxEvents: 2000 })) {
    for (const ev of burst) {
      assert.is(ev.comm, ev.thread === undefined ? undefined : ev.field('proc.name'))
      if (ev.is('read') && ev.fd !== undefined) assert.is(ev.fd.name, ev.field('fd.name'))
    }
  }
  for await (const burst of await openFile(join(ROOT, 'test/fixtures/small.scap'))) {
    for (const ev of burst) {
      for (const ask of [() => ev.thread, () => ev.fd, () => ev.comm, () => ev.pid, () => ev.field('evt.num')]) {
        assert.throws(ask, (error: { code: string; hint: string }) => error.code === 'ERR_CAPTURE_OPTION' && error.hint.includes('state: true'))
      }
      break
    }
    break
  }
})
