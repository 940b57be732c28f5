import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that is gone when the process ends; `file('x')` is a path in it. */
export function folder(): { path: string; file(name: string): string } {
  const path = mkdtempSync(join(tmpdir(), 'sysring-'))
  process.on('exit', () => rmSync(path, { recursive: true, force: true }))
  return { path, file: name => join(path, name) }
}
