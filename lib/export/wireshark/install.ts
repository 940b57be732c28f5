import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CaptureError } from '../../errors.js'
import { type Folders, tsharkFolders } from './folders.js'

/** The dissector's name among Wireshark's Lua plugins. */
const FILE = 'sysring.lua'
/** How ours begins, of whichever version. */
const BANNER = "-- Wireshark's dissector for the Ethernet and user0 frames of sysring"

/** Where Wireshark looks for Lua plugins: as tshark says, or as is usual where there is none. */
export async function pluginFolders(): Promise<Folders> {
  const folders = await tsharkFolders()
  const user = folders.get('Personal Lua Plugins')
  const system = folders.get('Global Lua Plugins')
  return {
    user: user ?? join(homedir(), '.local/lib/wireshark/plugins'),
    system: system ?? '/usr/local/lib/wireshark/plugins',
    told: user !== undefined && system !== undefined,
  }
}

/** The dissector as it ships: one Lua file. */
export function dissectorPath(): string {
  // Beside this file in a clone run by tsx; from dist/ in the bundle.
  const here = dirname(fileURLToPath(import.meta.url))
  const shipped = [join(here, 'sysring.generated.lua'), join(here, '../lib/export/wireshark/sysring.generated.lua')]
  return shipped.find((path) => existsSync(path)) ?? shipped[1]
}

/**
 * Puts the dissector into a folder of Lua plugins, in place of an older one, and gives its path there. Wireshark reads it at its next
 * start. ERR_CAPTURE_IO if it cannot be written, or where somebody else's sysring.lua is.
 */
export async function installDissector(folder: string): Promise<string> {
  const path = join(folder, FILE)
  const there = await content(path)
  if (there !== undefined && !there.startsWith(BANNER)) {
    throw new CaptureError('ERR_CAPTURE_IO', `${path} is there, and not ours`, 'move it away, or choose another folder with --dir')
  }
  return io(path, async () => {
    await mkdir(folder, { recursive: true })
    await writeFile(path, await readFile(dissectorPath()))
    return path
  })
}

/** Removes it from a folder and gives the path; undefined if it is not there, or not ours. */
export async function uninstallDissector(folder: string): Promise<string | undefined> {
  const path = join(folder, FILE)
  if ((await content(path))?.startsWith(BANNER) !== true) return undefined
  return io(path, async () => {
    await rm(path)
    return path
  })
}

async function content(path: string): Promise<string | undefined> {
  return existsSync(path) ? io(path, () => readFile(path, 'utf8')) : undefined
}

async function io<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
    const hint = denied ? 'become root (sudo), or use a folder of your own: --user' : 'choose another folder: --dir DIR'
    throw new CaptureError('ERR_CAPTURE_IO', `${path}: ${message}`, hint, cause)
  }
}
