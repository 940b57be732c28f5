import { readFile } from 'node:fs/promises'
import { dissectorPath, installDissector, pluginFolders, uninstallDissector } from '../export/wireshark/install.js'
import { parse } from './args.js'
import { Output } from './output.js'
import { OK, UsageError } from './report.js'

const OPTIONS = {
  user: { help: 'for yourself (default)' },
  system: { help: 'for all users of this machine' },
  dir: { value: 'DIR', help: 'in this folder of Lua plugins; which ones Wireshark looks into: tshark -G folders' },
  json: { help: 'say it as one JSON object' },
} as const

interface Values {
  operands?: string[]
  user?: true
  system?: true
  dir?: string
  json?: true
}

const HINT = 'sysring dissector install'

/** Puts the dissector for sysring's frames among Wireshark's Lua plugins, takes it away, or prints it. */
export async function run(args: string[]): Promise<number> {
  const values: Values | undefined = parse('dissector', 'install|uninstall|print [--user|--system|--dir DIR] [--json]', OPTIONS, args, { takesOperands: true })
  if (values === undefined) return OK
  const places = (['user', 'system', 'dir'] as const).filter((name) => values[name] !== undefined)
  if (places.length > 1) throw new UsageError(`${places.map((name) => `--${name}`).join(' and ')} exclude each other`, 'name one place')
  const [what, ...more] = values.operands ?? []
  if (more.length === 0 && what === 'install') return install(values)
  if (more.length === 0 && what === 'uninstall') return uninstall(values)
  if (more.length > 0 || what !== 'print') {
    throw new UsageError(what === undefined ? 'what is to be done?' : `there is no 'dissector ${[what, ...more].join(' ')}'`, HINT)
  }
  if (places.length > 0 || values.json === true) throw new UsageError('print writes it to standard output, and takes no options', HINT)
  const out = new Output()
  out.line((await readFile(dissectorPath(), 'utf8')).trimEnd())
  await out.flush()
  return OK
}

async function install(values: Values): Promise<number> {
  const { folder, told } = await place(values)
  const installed = await installDissector(folder)
  if (values.json === true) {
    console.log(JSON.stringify({ installed }))
    return OK
  }
  console.log(`installed: ${installed}`)
  if (!told) console.log('There is no tshark that could say which folder Wireshark looks into; if it does not show the events, see Help, About Wireshark, Folders, and use --dir.')
  console.log('Wireshark and tshark read it at their next start; an open Wireshark after Analyze, Reload Lua Plugins.')
  return OK
}

async function uninstall(values: Values): Promise<number> {
  const { folder } = await place(values)
  const removed = await uninstallDissector(folder)
  if (values.json === true) console.log(JSON.stringify({ removed: removed ?? null }))
  else console.log(removed === undefined ? `there was nothing to remove in ${folder}` : `removed: ${removed}`)
  return OK
}

async function place({ system, dir }: Values): Promise<{ folder: string; told: boolean }> {
  if (dir !== undefined) return { folder: dir, told: true }
  const folders = await pluginFolders()
  return { folder: system === true ? folders.system : folders.user, told: folders.told }
}
