/** Cgroups that look like those of containers. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'

/** Where cgroups are made: the one tree of version 2, or a tree of version 1. */
export const CGROUPS = existsSync('/sys/fs/cgroup/cgroup.procs') ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory'

export interface Container {
  /** As it is shown. */
  readonly id: string
  /** A command that runs another one in it. */
  readonly inside: string[]
  /** When nothing runs in it any more. */
  remove(): void
}

/** Makes a cgroup as Docker does where systemd is; without a runtime that knows of it. */
export function container(): Container {
  const id = randomBytes(32).toString('hex')
  const path = join(CGROUPS, `docker-${id}.scope`)
  mkdirSync(path)
  const remove = () => {
    if (existsSync(path)) rmdirSync(path)
    process.off('exit', remove)
  }
  process.on('exit', remove)
  return { id: id.slice(0, 12), inside: ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', path], remove }
}
