// timeout: 150
// The same programs, one after the other, told of by the module and by the eBPF probe.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { open, scap, writeFile } from 'sysring'
import { start } from './tools/program.mjs'
import { leave } from './tools/result.mjs'

const PROGRAMS = JSON.parse(readFileSync('/compared.json', 'utf8'))
const FOLDER = '/tmp/programs'

/**
 * On one CPU, so that threads that it starts begin in the same order each time, and with System V objects of its own, so that
 * their numbers are the same.
 */
const alone = (program, args) => start('unshare', '-i', 'taskset', 1, program, ...args)

async function told(probe) {
  mkdirSync(FOLDER)
  process.chdir(FOLDER)
  const programs = []
  for (const { name, program, args } of PROGRAMS) programs.push({ name, ...await alone(program, args) })
  const capture = await open(`sysdig:${probe}`, { events: 'both', pids: { allow: programs.map(({ pid }) => pid), children: true } })
  const written = writeFile(capture, `/out/programs.${probe}.scap`, scap())
  for (const { go, ended } of programs) {
    go()
    await ended
  }
  capture.stop()
  await written
  process.chdir('/')
  rmSync(FOLDER, { recursive: true })
  return { probe: capture.probe.device, programs: programs.map(({ name, pid }) => ({ name, pid })), stats: capture.stats() }
}

// Memory lies at the same addresses in both runs.
writeFileSync('/proc/sys/kernel/randomize_va_space', '0')
const result = { kmod: await told('kmod'), bpf: await told('bpf') }
writeFileSync('/proc/sys/kernel/randomize_va_space', '2')
leave(result)
