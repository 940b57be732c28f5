import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ROOT, run } from './run.js'

/**
 * What SPIN finds in native/tests/model/queue.pml with these definitions: how many states there are, and the first thing that is wrong.
 * `optimize` takes 10 s longer to begin, and a third of the time per state.
 */
export async function checkModel(folder: string, definitions: Readonly<Record<string, string | number>>, { optimize = false } = {}): Promise<{ states: number; error: string | undefined }> {
  mkdirSync(folder, { recursive: true })
  const defines = Object.entries(definitions).map(([name, value]) => `-D${name}=${value}`)
  const written = await run('spin', [...defines, '-a', join(ROOT, 'native/tests/model/queue.pml')], { cwd: folder })
  assert.is(written.code, 0, written.stdout + written.stderr)
  // The checker that SPIN has written. SAFETY: assertions and end states; no state has more bytes than VECTORSZ.
  const compiled = await run('gcc', [optimize ? '-O2' : '-O0', '-w', '-DSAFETY', '-DCOLLAPSE', '-DVECTORSZ=2048', '-DMEMLIM=4000', '-o', 'pan', 'pan.c'], { cwd: folder })
  assert.is(compiled.code, 0, compiled.stderr)
  const { stdout, stderr } = await run(join(folder, 'pan'), ['-m10000'], { cwd: folder, timeoutMs: 300_000 })
  const errors = /errors: (\d+)/.exec(stdout)
  assert.ok(errors, stdout + stderr)
  const error = /^pan:\d+: (.*?) \(at depth/m.exec(stdout)?.[1]
  assert.is(error === undefined, errors[1] === '0', stdout)
  // A search that was cut short has shown nothing.
  if (error === undefined) assert.not.match(stdout, /not completed|max search depth too small|out of memory/)
  return { states: Number(/(\d+) states, stored/.exec(stdout)![1]), error }
}
