// timeout: 900
import { folder } from '../helpers/folder.js'
import { library, NEEDS, PROGRAMS, runSanitized } from '../helpers/sanitized.js'
import { suite } from '../helpers/suite.js'

const test = suite('native', { needs: NEEDS, timeoutMs: 240_000 })

/** How many times as long as need be: 180 consumers are killed, 30 producers. */
const TIMES = '3'
/** Those that take no such number. */
const SHORT = ['rings', 'order', 'packets']
const { file } = folder()

for (const [sanitizers, programs] of Object.entries(PROGRAMS)) {
  const at = file(sanitizers)
  test(`what all programs share, with ${sanitizers} sanitizer`, () => library(at, sanitizers))
  for (const program of programs) {
    test(`${program}, with ${sanitizers} sanitizer`, () => runSanitized(at, sanitizers, program, SHORT.includes(program) ? [] : [TIMES], 200_000))
  }
}
