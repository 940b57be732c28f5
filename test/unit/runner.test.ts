import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { missing } from '../helpers/needs.js'
import { type Outcome, ROOT, run } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('runner')
// Inside the tree, so that the files find uvu.
mkdirSync(join(ROOT, 'build'), { recursive: true })
const folder = mkdtempSync(join(ROOT, 'build', 'runner-'))
test.after(() => rmSync(folder, { recursive: true }))

/** Has the runner run files of that content. */
function outcome(...sources: string[]): Promise<Outcome> {
  const files = sources.map((source, i) => {
    const file = join(folder, `${i}.ts`)
    writeFileSync(file, source)
    return file
  })
  return run(process.execPath, ['--import', 'tsx', 'test/run.ts', ...files])
}

const UVU = `import { test } from 'uvu'\nimport * as assert from 'uvu/assert'\n`
const OURS = `import { suite } from '../../test/helpers/suite.js'\nconst test = suite('s')\n`

/** The last line of the output. */
const total = (result: Outcome) => result.stdout.trimEnd().split('\n').at(-1)

test('adds up plain uvu files and our own', async () => {
  const result = await outcome(
    `${UVU}test('a', () => {}); test('b', () => {}); test.skip('c', () => {}); test.run()`,
    `${OURS}test('a', () => {}); await null; test('b', async () => {}); suite('t')('c', () => {})`,
  )
  assert.is(total(result), '5 passed, 0 failed, 1 skipped')
  assert.match(result.stdout, 'without a reason')
  assert.is(result.code, 0)
})

test('a failed test fails the run and shows its output', async () => {
  const result = await outcome(`${UVU}test('a', () => { console.log('clue'); assert.is(1, 2) }); test('b', () => {}); test.run()`)
  assert.is(total(result), '1 passed, 1 failed, 0 skipped')
  assert.match(result.stdout, 'clue')
  assert.is(result.code, 1)
})

test('a file that runs no test fails', async () => {
  const result = await outcome(`${UVU}test('a', () => {})`, 'export {}')
  assert.is(total(result), '0 passed, 2 failed, 0 skipped')
  assert.match(result.stdout, 'ran no test')
  assert.is(result.code, 1)
})

test('a file that crashes fails, also after its tests', async () => {
  const result = await outcome(
    `throw new Error('early')`,
    `${UVU}test('a', () => {}); test.run(); process.on('exit', () => { process.exitCode = 3 })`,
  )
  assert.is(total(result), '1 passed, 2 failed, 0 skipped')
  assert.match(result.stdout, 'early')
  assert.match(result.stdout, 'exit code 3')
})

test('tests behind a failed before hook count as failed', async () => {
  const result = await outcome(`${UVU}test.before(() => { throw new Error() }); test('a', () => {}); test('b', () => {}); test.run()`)
  assert.is(total(result), '0 passed, 2 failed, 0 skipped')
  assert.is(result.code, 1)
})

test('a file that hangs is killed', async () => {
  const result = await outcome(`// timeout: 2\n${UVU}test('a', () => { for (;;); }); test.run()`)
  assert.is(total(result), '0 passed, 1 failed, 0 skipped')
  assert.match(result.stdout, 'did not end within its 2 s')
  assert.ok(result.ms < 15_000)
})

test('a file that leaves handles or processes behind fails', async () => {
  const result = await outcome(
    `${OURS}test('a', () => { setInterval(() => {}, 1000) })`,
    `${UVU}import { spawn } from 'node:child_process'\ntest('a', () => { spawn('sleep', ['60'], { stdio: 'inherit' }).unref() }); test.run()`,
  )
  assert.is(total(result), '2 passed, 2 failed, 0 skipped')
  assert.match(result.stdout, 'keeps the process alive')
  assert.match(result.stdout, /still open: .*Timeout/)
  assert.match(result.stdout, /left processes running: sleep/)
})

test('a test has a time limit of its own', async () => {
  const result = await outcome(`${OURS}test('slow', () => new Promise(() => {}), { timeoutMs: 50 }); test('b', () => {})`)
  assert.is(total(result), '1 passed, 1 failed, 0 skipped')
  assert.match(result.stdout, 'did not end within 50 ms')
})

test('a skip says why', async () => {
  const result = await outcome(`${OURS}test('a', () => {}, { needs: ['no-such-program'] }); test.before(() => { throw new Error() })`)
  assert.is(total(result), '0 passed, 0 failed, 1 skipped')
  assert.match(result.stdout, 's › a: no-such-program is not installed')
  assert.is(result.code, 0)
})

test('a note is shown although its file passes, and once where it fails', async () => {
  const result = await outcome(
    `${OURS}test('a', () => console.log('\\nNOTE a  table\\nand no note'))`,
    `${OURS}test('b', () => { console.log('\\nNOTE another'); throw new Error() })`,
  )
  assert.match(result.stdout, '\n     a  table\n')
  assert.not.match(result.stdout, 'and no note')
  assert.is(result.stdout.match(/another/g)?.length, 1)
})

test('a pattern that matches nothing fails', async () => {
  const result = await run(process.execPath, ['--import', 'tsx', 'test/run.ts', 'no/such/test'])
  assert.is(result.code, 1)
  assert.is(total(result), '0 passed, 1 failed, 0 skipped')
})

test('needs', () => {
  assert.is(missing(['linux', 'node']), undefined)
  assert.is(missing(['no-such-program', 'nor-this']), 'no-such-program is not installed, nor-this is not installed')
})
