import { join } from 'node:path'
import { type Outcome, ROOT, run } from './run.js'

/** Runs one of the examples, whose package `sysring` is the sources as they are (tsconfig.json), whatever was bundled last. */
export function example(name: string, args: readonly string[] = []): Promise<Outcome> {
  return run(process.execPath, ['--import', join(ROOT, 'node_modules/tsx/dist/loader.mjs'), join(ROOT, 'examples', name), ...args])
}
