import type { Description } from './description.js'
import { readDocker } from './docker.js'
import { askEngine } from './engine.js'
import type { Host } from './host.js'
import { readContainerd, readCrio } from './kubernetes.js'
import { readPodman } from './podman.js'

/** Somebody who may know a container; undefined if they do not. */
export type Source = (host: Host, fullId: string) => Promise<Description | undefined>

const docker: Source = async (host, fullId) => {
  const found = await askEngine(host, '/var/run/docker.sock', fullId)
  return found && { type: 'docker', ...found }
}

const podman: Source = (host, fullId) => askEngine(host, '/run/podman/podman.sock', fullId)

/** Users that have no more than their own rights run podman too, with a server for each. */
const podmanOfUsers: Source = async (host, fullId) => {
  for (const uid of await host.names('/run/user')) {
    const found = await askEngine(host, `/run/user/${uid}/podman/podman.sock`, fullId).catch(() => undefined)
    if (found !== undefined) return found
  }
  return undefined
}

/** Whom to ask about a container whose cgroup is of this type, in this order. */
export const SOURCES: Readonly<Record<string, readonly Source[]>> = {
  'podman': [podman, readPodman, podmanOfUsers],
  // That layout others have too.
  'docker': [docker, readDocker, readContainerd, readCrio],
  'containerd': [readContainerd],
  'cri-o': [readCrio],
}
