import { symlinkSync, mkdirSync, writeFileSync, copyFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { folder } from './folder.js'
import { type Outcome, ROOT, run } from './run.js'

const { file } = folder()
const home = dirname(file('x'))
let isMade = false

/** A folder whose package `sysring` is the sources as they are, whatever was bundled last. */
function make(): void {
  if (isMade) return
  isMade = true
  const linked = join(home, 'node_modules/sysring')
  mkdirSync(linked, { recursive: true })
  writeFileSync(join(linked, 'package.json'), JSON.stringify({ name: 'sysring', type: 'module', exports: './lib/index.ts' }))
  symlinkSync(join(ROOT, 'lib'), join(linked, 'lib'))
}

/** Runs one of the examples, in the clone's folder. */
export function example(name: string, args: readonly string[] = []): Promise<Outcome> {
  make()
  copyFileSync(join(ROOT, 'examples', name), file(name))
  return run(process.execPath, ['--import', join(ROOT, 'node_modules/tsx/dist/loader.mjs'), file(name), ...args])
}
