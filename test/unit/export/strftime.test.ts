import { execFileSync } from 'node:child_process'
import * as assert from 'uvu/assert'
import { strftime } from '../../../lib/export/strftime.js'
import { suite } from '../../helpers/suite.js'

const test = suite('strftime')
const LETTERS = 'aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYz%'
/** %Z apart: JavaScript knows the letters of a few zones only. */
const FORMAT = [...LETTERS].map(letter => `${letter}=%${letter}`).join('|')
const ZONES = ['UTC', 'America/New_York', 'Asia/Kolkata']

// Ends and beginnings of years and weeks, a leap day, both sides of a change of clocks, noon and midnight.
const TIMES = [
  0, 1_000_000_000, 1_709_164_800, 1_709_251_199, 1_710_053_999, 1_710_054_000, 1_735_689_599, 1_735_689_600, 1_767_225_599,
  1_609_459_200, 1_609_718_400, 1_483_228_800, 1_230_768_000, 1_262_304_000, 1_293_840_000, 1_721_304_000, 1_721_347_200,
]

for (const zone of ZONES) {
  test(`every conversion as date(1), ${zone}`, () => {
    const before = process.env.TZ
    process.env.TZ = zone
    try {
      for (const time of TIMES) {
        const env = { ...process.env, TZ: zone, LC_ALL: 'C' }
        const judge = execFileSync('date', ['-d', `@${time}`, `+${FORMAT}`], { env, encoding: 'utf8' }).slice(0, -1)
        assert.is(strftime(FORMAT, new Date(time * 1000)), judge)
      }
    } finally {
      if (before === undefined) delete process.env.TZ
      else process.env.TZ = before
    }
  })
}

test('what is no conversion stays', () => {
  const date = new Date(0)
  assert.is(strftime('plain 100%', date), 'plain 100%')
  assert.is(strftime('%Q', date), '%Q')
  assert.is(strftime('%%d', date), '%d')
  assert.match(strftime('%Z', date), /^[A-Z]*$/)
  assert.is(strftime('%Ey', date), strftime('%y', date))
})
