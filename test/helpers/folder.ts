import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that is gone when the process ends; `file('x')` is a path in it. Everybody may write there. */
export function folder(): { path: string; file(name: string): string } {
  const path = mkdtempSync(join(tmpdir(), 'sysring-'))
  chmodSync(path, 0o777)
  process.on('exit', () => rmSync(path, { recursive: true, force: true }))
  return { path, file: name => join(path, name) }
}
