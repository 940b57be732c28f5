import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'

/** How each rival tells its version, and the Debian package that has it. */
const RIVALS: Record<string, { command: string[]; version: RegExp; install: string }> = {
  strace: { command: ['strace', '-V'], version: /version (\S+)/, install: 'strace' },
  perf: { command: ['perf', '--version'], version: /version (\S+)/, install: 'linux-perf' },
  bpftrace: { command: ['bpftrace', '--version'], version: /v(\S+)/, install: 'bpftrace' },
  sysdig: { command: ['sysdig', '--version'], version: /version (\S+)/, install: 'sysdig' },
  tshark: { command: ['tshark', '--version'], version: /TShark \(Wireshark\) (\S+)/, install: 'tshark' },
  capinfos: { command: ['capinfos', '--version'], version: /Capinfos \(Wireshark\) (\S+)/, install: 'wireshark-common' },
  tcpdump: { command: ['tcpdump', '--version'], version: /tcpdump version (\S+)/, install: 'tcpdump' },
}

const found = new Map<string, string | undefined>()

/** The rival's version; undefined when it is not installed. */
export function versionOf(name: string): string | undefined {
  if (!found.has(name)) found.set(name, look(name))
  return found.get(name)
}

export const isInstalled = (name: string): boolean => versionOf(name) !== undefined

/** How to get the rivals that are missing. */
export function missing(names: readonly string[]): string[] {
  const absent = names.filter(name => !isInstalled(name))
  const packages = absent.filter(name => name in RIVALS).map(name => RIVALS[name].install)
  return absent.length === 0 ? [] : [`not compared with ${absent.join(', ')}${packages.length > 0 ? `: apt-get install ${packages.join(' ')}` : ': npm install'}`]
}

function look(name: string): string | undefined {
  if (name === 'pcap-parser' || name === 'cap') {
    try {
      return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version
    } catch {
      return undefined
    }
  }
  const { command, version } = RIVALS[name]
  const { stdout, stderr, error } = spawnSync(command[0], command.slice(1), { encoding: 'utf8' })
  if (error !== undefined) return undefined
  return version.exec(`${stdout}\n${stderr}`)?.[1]?.replace(/[,.]+$/, '') ?? 'installed'
}
