// timeout: 420
import { folder } from '../helpers/folder.js'
import { library, NEEDS, PROGRAMS, runSanitized } from '../helpers/sanitized.js'
import { suite } from '../helpers/suite.js'

const test = suite('native', { needs: NEEDS, timeoutMs: 120_000 })

const { file } = folder()

for (const [sanitizers, programs] of Object.entries(PROGRAMS)) {
  const at = file(sanitizers)
  test(`what all programs share, with ${sanitizers} sanitizer`, () => library(at, sanitizers))
  for (const program of programs) test(`${program}, with ${sanitizers} sanitizer`, () => runSanitized(at, sanitizers, program))
}
