import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { COMMAND, FIRST } from './build.js'
import { Child } from './child.js'
import { isInstalled } from './rivals.js'
import { of, rounds, type Sample } from './rounds.js'
import { failureNotes, type Result, type Suite } from './suite.js'
import { spreadText } from './table.js'
import { timed } from './timed.js'

const SMALL = fileURLToPath(new URL('../examples/trace.scap.gz', import.meta.url))

interface Command {
  name: string
  needs?: string
  command: string[]
}

const COMMANDS: readonly Command[] = [
  { name: 'node -e 0', command: [process.execPath, '-e', '0'] },
  { name: 'sysring --version', command: [...COMMAND, '--version'] },
  { name: 'sysring dump -r small -n 1', command: [...COMMAND, 'dump', '-q', '-r', SMALL, '-n', '1'] },
  { name: 'sysring count -r small', command: [...COMMAND, 'count', '-r', SMALL] },
  { name: 'sysdig --version', needs: 'sysdig', command: ['sysdig', '--version'] },
  { name: 'sysdig -r small -n 1', needs: 'sysdig', command: ['sysdig', '-r', SMALL, '-n', '1'] },
  { name: 'tcpdump --version', needs: 'tcpdump', command: ['tcpdump', '--version'] },
  { name: 'tshark --version', needs: 'tshark', command: ['tshark', '--version'] },
]

/** What Wireshark and tshark ask at each of their starts, and while a filter is typed; of the file that is installed for them. */
const QUESTIONS: readonly { name: string; args: string[] }[] = [
  { name: 'extcap: interfaces', args: ['--extcap-interfaces', '--extcap-version=4.0'] },
  { name: 'extcap: options', args: ['--extcap-config', '--extcap-interface', 'sysdig'] },
  { name: 'extcap: link types', args: ['--extcap-dlts', '--extcap-interface', 'sysdig'] },
  { name: 'extcap: a filter', args: ['--extcap-capture-filter', 'proc.name = cat and fd.name contains /etc', '--extcap-interface', 'sysdig'] },
]

const LIVE: readonly { name: string; options: object }[] = [
  { name: 'live, rings of 8 MiB', options: {} },
  { name: 'live, rings of 16 MiB', options: { ringBytes: 16 << 20 } },
  { name: 'live, rings of 64 MiB', options: { ringBytes: 64 << 20 } },
  { name: 'live, exit events only', options: { events: 'exit' } },
]

/** What it takes to begin. */
export const start: Suite = {
  name: 'start',
  about: 'start-up of the commands, and of a live capture until its first event',
  rivals: ['sysdig', 'tcpdump', 'tshark'],
  async run(bench) {
    execFileSync(COMMAND[0], [...COMMAND.slice(1), 'extcap', 'install', '--dir', bench.folder])
    const extcap = join(bench.folder, 'sysring')
    const questions: Command[] = QUESTIONS.map(({ name, args }) => ({ name, command: [extcap, ...args] }))
    const commands = [...COMMANDS, ...questions].filter(({ name, needs }) => bench.chosen(name) && (needs === undefined || isInstalled(needs)))
    const live = LIVE.filter(({ name }) => bench.chosen(name))
    const series = await rounds([
      ...commands.map(({ name, command }) => ({ name, run: () => timed(command, bench.folder) })),
      ...live.map(({ name, options }) => ({ name, run: () => first(options) })),
    ], bench)
    const liveSeries = series.slice(commands.length)
    return {
      series,
      tables: [
        {
          title: 'Start: whole processes (small = the example trace, 16 thousand events, gzip)',
          head: ['command', 'wall ms', 'CPU ms', 'peak RSS MB', ''],
          rows: series.slice(0, commands.length).map(own => [own.name, spreadText(of(own, 'wallMs')), spreadText(of(own, 'cpuMs')), spreadText(of(own, 'rssMb')), '']),
          notes: failureNotes(series.slice(0, commands.length)),
        },
        {
          title: 'Start of a live capture, in ms',
          head: ['capture', 'import', 'open: load and attach', 'to the first event', 'close', ''],
          rows: liveSeries.map(own => [own.name, ...['importMs', 'openMs', 'firstEventMs', 'closeMs'].map(key => spreadText(of(own, key))), '']),
          notes: failureNotes(liveSeries),
        },
      ],
    } satisfies Result
  },
}

async function first(options: object): Promise<Sample> {
  const child = new Child([...FIRST, JSON.stringify(options)])
  const times = JSON.parse(await child.line()) as Sample
  await child.exit
  return times
}
