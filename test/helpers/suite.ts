/**
 * A thin layer over uvu: time limits, skips that say why, and no `.run()` to forget.
 *
 *     const test = suite('doctor')
 *     test('finds the BTF', () => assert.ok(…), { needs: ['btf'] })
 */
import { realpathSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import * as uvu from 'uvu'
import { missing, type Need } from './needs.js'

export interface TestOptions {
  /** Milliseconds that the test may take; 30 000 unless said otherwise. */
  timeoutMs?: number
  /** Where one of these is missing the test is skipped, and the skip says so. */
  needs?: readonly Need[]
}

export interface Suite {
  (name: string, body: () => void | Promise<void>, options?: TestOptions): void
  skip(name: string, reason: string): void
  before(hook: () => void | Promise<void>): void
  after(hook: () => void | Promise<void>): void
}

const TIMEOUT_MS = 30_000
/** Suites that hold something, in the order of their first tests. */
const suites = new Set<uvu.Test>()

/** A group of tests; `defaults` hold for each of them. */
export function suite(name: string, defaults: TestOptions = {}): Suite {
  const tests = uvu.suite(name)
  let size = 0

  const skip = (test: string, reason: string) => {
    suites.add(tests)
    console.log(`SKIP ${name} › ${test}: ${reason}`)
    tests.skip(test, () => {})
  }
  const add = (test: string, body: () => void | Promise<void>, options: TestOptions = {}) => {
    const lack = missing([...(defaults.needs ?? []), ...(options.needs ?? [])])
    if (lack !== undefined) return skip(test, lack)
    const timeoutMs = options.timeoutMs ?? defaults.timeoutMs ?? TIMEOUT_MS
    size++
    suites.add(tests)
    tests(test, () => within(timeoutMs, body))
  }
  // A suite with nothing left to run needs nothing prepared either.
  const before = (hook: () => void | Promise<void>) => tests.before(async () => {
    try {
      if (size > 0) await hook()
    } catch (error) {
      // uvu runs none of the tests then, and does not say why.
      console.log(`\n${error instanceof Error ? error.stack : String(error)}`)
      throw error
    }
  })
  const after = (hook: () => void | Promise<void>) => tests.after(() => (size > 0 ? hook() : undefined))
  return Object.assign(add, { skip, before, after })
}

/** A suite for files that hold only one. */
export const test = suite('')

// The test file imports this module, so it is complete when importing it is: also after top-level awaits.
void import(pathToFileURL(realpathSync(process.argv[1])).href).then(() => {
  [...suites].at(-1)?.after(reportHandles)
  for (const tests of suites) tests.run()
})

async function within(ms: number, body: () => void | Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not end within ${ms} ms`)), ms)
  })
  try {
    await Promise.race([body(), limit])
  } finally {
    clearTimeout(timer)
  }
}

/** Says what keeps a process alive that should have ended: the timer itself does not, so otherwise it never fires. */
function reportHandles(): void {
  setTimeout(() => console.log(`still open: ${process.getActiveResourcesInfo().join(', ')}`), 2000).unref()
}
