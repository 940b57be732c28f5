#!/usr/bin/env node
import { version } from '../../package.json'
import { fail, UsageError } from './report.js'

/** A subcommand takes its arguments and gives the exit code. Loaded when it is called for: start-up time counts. */
interface Command {
  summary: string
  load(): Promise<{ run(args: string[]): Promise<number> }>
}

const COMMANDS: Record<string, Command> = {
  dump: { summary: 'print events as lines, or write them to a file', load: () => import('./dump.js') },
  count: { summary: 'count events per second and CPU', load: () => import('./count.js') },
  run: { summary: 'who does what, with which file, over which connection: run an analyzer', load: () => import('./run.js') },
  top: { summary: 'the same on the whole screen: processes, connections, files, errors, and what they consist of', load: () => import('./top.js') },
  balance: { summary: 'distribute captures over queues for other processes', load: () => import('./balance.js') },
  pipeline: { summary: 'let captures go through a chain of stages', load: () => import('./pipeline.js') },
  bounce: { summary: 'pass events and packets on, to a network interface or a queue', load: () => import('./bounce.js') },
  up: { summary: 'make a network interface of it, for tcpdump and Wireshark', load: () => import('./up.js') },
  extcap: { summary: 'put sysdig into the interface list of Wireshark and tshark', load: () => import('./extcap.js') },
  dissector: { summary: 'let Wireshark and tshark show the events in frames', load: () => import('./dissector.js') },
  fields: { summary: 'list the fields that filters and formats can use', load: () => import('./fields.js') },
  devices: { summary: 'list what can be captured from', load: () => import('./devices.js') },
  doctor: { summary: 'check what live capture needs, and say how to get it', load: () => import('./doctor.js') },
  demo: { summary: 'capture ten seconds, and show what can be done with them', load: () => import('./demo.js') },
}

function usage(): string {
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(11)}${summary}`)
  return `Linux system calls as a network interface.

usage: sysring COMMAND [OPTION …]

${commands.join('\n')}

  sysring COMMAND --help    its options
  sysring --version`
}

async function main([name, ...args]: string[]): Promise<number> {
  if (name === '--version' || name === '-V') {
    console.log(`sysring ${version}`)
    return 0
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    console.log(usage())
    return 0
  }
  if (name === undefined) throw new UsageError('no command given', 'sysring --help')
  if (!Object.hasOwn(COMMANDS, name)) throw new UsageError(`there is no command '${name}'`, 'sysring --help')
  return (await COMMANDS[name].load()).run(args)
}

// Not process.exit(): what was printed last may not be out yet.
process.exitCode = await main(process.argv.slice(2)).catch(fail)
