import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CaptureError } from '../errors.js'
import { INTERFACE } from './options.js'

/** The name of the file that stands in Wireshark's folder. */
const NAME = 'sysring'
/** By this line a file is known to be ours. */
const MARK = "# Wireshark starts this for sysring's interface; it comes and goes with: sysring extcap install, sysring extcap uninstall"

/** In the sources beside this file, and in the bundle. */
const ENTRY = ['./main.ts', './extcap.js'].map(path => fileURLToPath(new URL(path, import.meta.url))).find(path => existsSync(path))

/** What the file starts: this Node with its options, and this copy of the library. */
export function program(): string[] {
  if (ENTRY === undefined) throw new CaptureError('ERR_CAPTURE_IO', 'extcap.js is missing beside this program', 'in a clone: npm run build')
  return [process.execPath, ...process.execArgv, ENTRY]
}

/**
 * Puts a file into the folder that starts this copy of the library, and returns its path. Instead of a link, because Wireshark needs
 * a program, and a script finds Node by PATH only, which is another one in a desktop session.
 *
 * @throws CaptureError ERR_CAPTURE_IO; also where a file of that name is not ours
 */
export async function install(folder: string): Promise<string> {
  const path = join(folder, NAME)
  const command = program()
  await refuseForeign(path)
  // Wireshark starts what is executable, so it becomes that when it is whole.
  const unfinished = `${path}.${process.pid}`
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(unfinished, launcher(command), { mode: 0o644, flag: 'wx' })
    await rename(unfinished, path)
    await chmod(path, 0o755)
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {})
    throw failure(path, error)
  }
  await tryOut(path)
  return path
}

/** Removes the file from the folder; undefined if there is none. @throws CaptureError ERR_CAPTURE_IO; also where it is not ours */
export async function uninstall(folder: string): Promise<string | undefined> {
  const path = join(folder, NAME)
  await refuseForeign(path)
  if (!await isInstalled(folder)) return undefined
  try {
    await rm(path)
  } catch (error) {
    throw failure(path, error)
  }
  return path
}

/** Is there one of ours? */
export async function isInstalled(folder: string): Promise<boolean> {
  return await found(join(folder, NAME)) === 'ours'
}

/** What there is of that name. */
async function found(path: string): Promise<'nothing' | 'ours' | 'foreign'> {
  try {
    if (!(await lstat(path)).isFile()) return 'foreign'
    return (await readFile(path, 'utf8')).split('\n')[1] === MARK ? 'ours' : 'foreign'
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(code)) return 'nothing'
    throw failure(path, error)
  }
}

async function refuseForeign(path: string): Promise<void> {
  if (await found(path) !== 'foreign') return
  throw new CaptureError('ERR_CAPTURE_IO', `${path} was not made by sysring`, `look what it is: cat ${path}`)
}

function launcher(command: readonly string[]): string {
  const [node, script] = [command[0], command.at(-1)!].map(quoted)
  return `#!/bin/sh
${MARK}
if [ ! -x ${node} ] || [ ! -r ${script} ]; then
  printf '%s\\n' 'sysring: Node.js or sysring is no longer where it was; install it again: sysring extcap install' >&2
  exit 1
fi
exec ${command.map(quoted).join(' ')} "$@"
`
}

/** For sh, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** Asks it what Wireshark asks first: the folder may be mounted with noexec. */
function tryOut(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(path, ['--extcap-interfaces'], { timeout: 10_000 }, (error, stdout, stderr) => {
      if (error === null && stdout.includes(`{value=${INTERFACE}}`)) return resolve()
      const reason = stderr.trim().split('\n')[0] || (error?.message ?? 'it says nothing')
      reject(new CaptureError('ERR_CAPTURE_IO', `${path} is there and does not run: ${reason}`, `see: mount | grep noexec; ls -l ${dirname(path)}`, error))
    })
  })
}

function failure(path: string, cause: unknown): CaptureError {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException
  const hint = code === 'EACCES' || code === 'EPERM' ? 'become root for the folder of all users: sudo sysring extcap …; or take your own: --user' : `check: ls -ld ${dirname(path)}`
  return new CaptureError('ERR_CAPTURE_IO', `cannot change ${path}: ${code}`, hint, cause)
}
