// timeout: 240
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { folder } from '../helpers/folder.js'
import { ROOT, run } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('native', { needs: ['linux', 'g++'], timeoutMs: 90_000 })

const { path, file } = folder()
const NATIVE = join(ROOT, 'native')

/** What is tested, the sources, and the sanitizers that have something to say of it. */
const PROGRAMS: [string, string[], string[]][] = [
  ['rings', ['ring/ring.cc', 'probe/synthetic/synthetic_probe.cc'], ['address,undefined', 'thread']],
  ['packets', ['nic/packet_block.cc'], ['address,undefined']],
]

for (const [name, others, all] of PROGRAMS) {
  const sources = [`tests/${name}.cc`, ...others].map(source => join(NATIVE, source))
  const tests = readFileSync(sources[0], 'utf8').match(/^ {2}RUN\(\w+\)/gm)!.length
  for (const sanitizers of all) {
    test(`${name}, with ${sanitizers} sanitizer`, async () => {
      mkdirSync(path, { recursive: true })
      const program = file(`${name}-${sanitizers}`)
      const compiled = await run('g++', ['-std=c++20', '-g', '-O1', '-pthread', `-fsanitize=${sanitizers}`, '-fno-sanitize-recover=all', '-o', program, ...sources], { timeoutMs: 80_000 })
      assert.is(compiled.code, 0, compiled.stderr)
      // The thread sanitizer cannot live with every address space layout.
      const { code, signal, stdout, stderr } = await run('setarch', ['-R', program])
      assert.is(code, 0, `${signal ?? ''} ${stderr}`)
      assert.is(stdout.match(/^ok /gm)?.length, tests)
      assert.match(stdout, /^all$/m)
      assert.is(stderr, '')
    }, { needs: ['setarch'] })
  }
}
