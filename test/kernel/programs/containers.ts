/**
 * Runs containers with podman and captures what is known of them: `tsx containers.ts PROGRAM`, in a mount namespace of its own
 * where /var/lib and /run are empty. Prints a Report.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { open } from '../../../lib/index.js'
import type { ContainerInfo } from '../../../lib/state/container.js'
import { run } from '../../helpers/run.js'

/** What podman says of a container: the part of its answer that is compared. */
export interface Inspected {
  Id: string
  Name: string
  Image: string
  ImageName: string
  ImageDigest: string
  Mounts: { Source: string; Destination: string; Mode: string; RW: boolean; Propagation: string }[]
  HostConfig: { Privileged: boolean }
}

export interface Seen {
  /** Fields of the first event, and of the first one after the runtime has answered. */
  first: Record<string, unknown>
  known: Record<string, unknown>
  /** The whole description at that event. */
  container: ContainerInfo
  inspected: Inspected
}

export interface Report {
  /** Containers by their names: while only podman's files tell of them, and while its server does. */
  files: Record<string, Seen>
  server: Record<string, Seen>
}

const FIELDS = [
  'id', 'full_id', 'name', 'type', 'image', 'image.id', 'image.repository', 'image.tag', 'image.digest', 'privileged', 'mounts',
  'healthcheck',
]
const IMAGE = 'localhost:5000/sysring/container:one'
// Nothing of systemd can be seen there.
const GLOBAL = ['--storage-driver=vfs', '--cgroup-manager=cgroupfs', '--events-backend=none']
const SOCKET = '/run/podman/podman.sock'
// What a process may have that runs in a container itself.
const LIMITS = ['--network=none', '--log-driver=none', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024']

async function podman(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run('podman', [...GLOBAL, ...args])
  if (code !== 0) throw new Error(`podman ${args.join(' ')}: ${stderr}`)
  return stdout
}

async function start(name: string, ...options: string[]): Promise<string> {
  return (await podman('run', '-d', ...LIMITS, '--name', name, ...options, IMAGE, '/container')).trim()
}

/** Captures until of each of these containers the runtime's description has come. */
async function capture(names: readonly string[], begin: () => Promise<unknown>): Promise<Record<string, Seen>> {
  const seen = new Map<string, Partial<Seen>>()
  const calls = await open('sysdig', { state: true, filter: 'container.id != host and evt.type in (open, openat)', maxDurationMs: 8000 })
  const beginning = begin()
  for await (const burst of calls) {
    for (const ev of burst) {
      const fields = Object.fromEntries(FIELDS.map(field => [field, ev.field(`container.${field}`)]))
      const entry = seen.get(String(fields.id)) ?? {}
      seen.set(String(fields.id), entry)
      entry.first ??= fields
      const container = calls.state!.containers.get(String(fields.id))!
      if (container.lookup === 'known' && entry.known === undefined) Object.assign(entry, { known: fields, container: { ...container } })
    }
    const known = new Set([...seen.values()].map(({ container }) => container?.name))
    if (names.every(name => known.has(name))) calls.stop()
  }
  await beginning
  const inspected = JSON.parse(await podman('inspect', ...names)) as Inspected[]
  return Object.fromEntries(inspected.map(entry => [entry.Name, { ...seen.get(entry.Id.slice(0, 12)), inspected: entry } as Seen]))
}

/** Removes the groups that podman leaves behind, once the last of its processes is gone. Those of somebody else are not empty. */
function removeCgroups(): boolean {
  const folders = ['.', ...readdirSync('/sys/fs/cgroup')].flatMap(name => [`${name}/libpod_parent/conmon`, `${name}/libpod_parent`])
  for (const folder of folders.map(path => `/sys/fs/cgroup/${path}`).filter(path => existsSync(path))) {
    try {
      rmdirSync(folder)
    } catch {
      return false
    }
  }
  return true
}

mkdirSync('/run/podman')
const tar = spawn('tar', ['-C', process.argv[2], '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] })
const imported = spawn('podman', [...GLOBAL, 'import', '-', IMAGE], { stdio: [tar.stdout!, 'ignore', 'pipe'] })
await once(imported, 'exit')
const report: Partial<Report> = {}
try {
  report.files = await capture(['plain', 'powerful'], async () => {
    await start('plain', '-v', `${process.argv[2]}:/data:ro`)
    await start('powerful', '--privileged')
  })
  const server = spawn('podman', [...GLOBAL, 'system', 'service', '--time=0', `unix://${SOCKET}`])
  try {
    while (!existsSync(SOCKET)) await sleep(20)
    const check = ['--health-cmd', 'true now', '--health-interval', 'disable']
    report.server = await capture(['checked', 'powerful'], () => start('checked', ...check, '-v', '/usr:/host'))
  } finally {
    server.kill()
    await once(server, 'exit')
  }
} finally {
  await podman('rm', '-af', '-t', '0')
  for (let tries = 0; tries < 20 && !removeCgroups(); tries++) await sleep(50)
}
console.log(JSON.stringify(report, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)))
