// timeout: 900
import { folder } from '../helpers/folder.js'
import { library, NEEDS, PROGRAMS, runSanitized } from '../helpers/sanitized.js'
import { suite } from '../helpers/suite.js'

const test = suite('native › long', { needs: NEEDS, timeoutMs: 240_000 })

/** As many times as long as test/unit/native.test.ts: 600 consumers killed, 100 producers. */
const TIMES = '10'
/** Those that take no such number. */
const SHORT = ['rings', 'order']
const { file } = folder()

for (const [sanitizers, programs] of Object.entries(PROGRAMS)) {
  const at = file(sanitizers)
  test(`what all programs share, with ${sanitizers} sanitizer`, () => library(at, sanitizers))
  for (const program of programs.filter(name => !SHORT.includes(name))) {
    test(`${program}, with ${sanitizers} sanitizer`, () => runSanitized(at, sanitizers, program, [TIMES], 200_000))
  }
}
