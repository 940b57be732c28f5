/** What is kept from one run to the next: ${XDG_CACHE_HOME:-~/.cache}/sysring/guest. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const FOLDER = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sysring/guest')
/** After so many milliseconds without use a version is removed, and what an interrupted run left behind. */
const KEEP = { version: 24 * 3600_000, temporary: 900_000 }
const isTemporary = (name: string) => /^(new|run)-/.test(name)

/**
 * The folder NAME of the cache. Where it is not there yet, `make` fills a new one, which gets the name only when it is
 * complete; of two that make it at once, one wins and both use it.
 */
export async function cached(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(FOLDER, name)
  if (!existsSync(folder)) {
    const draft = temporary('new-')
    await make(draft)
    try {
      renameSync(draft, folder)
    } catch (error) {
      if (!existsSync(folder)) throw error
    }
  }
  utimesSync(folder, new Date(), new Date())
  sweep(folder)
  return folder
}

/** The version that was used last. */
export function lastUsed(): string | undefined {
  if (!existsSync(FOLDER)) return undefined
  const names = readdirSync(FOLDER).filter(name => !isTemporary(name)).sort((a, b) => usedAt(b) - usedAt(a))
  return names.length > 0 ? join(FOLDER, names[0]) : undefined
}

/** A folder in the cache that is removed when the process ends. */
export function temporary(prefix: 'new-' | 'run-'): string {
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 })
  const folder = mkdtempSync(join(FOLDER, prefix))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function usedAt(name: string): number {
  return statSync(join(FOLDER, name), { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function sweep(current: string): void {
  for (const name of readdirSync(FOLDER)) {
    const keep = KEEP[isTemporary(name) ? 'temporary' : 'version']
    if (join(FOLDER, name) !== current && Date.now() - usedAt(name) > keep) rmSync(join(FOLDER, name), { recursive: true, force: true })
  }
}
