import type { Event } from '../event/event.js'
import type { ContainerInfo } from '../state/container.js'
import type { ThreadInfo } from '../state/threadinfo.js'
import { findAncestor } from './ancestor.js'
import { ofThread } from './define.js'
import type { Field } from './field.js'

type Probe = 'healthcheck' | 'livenessProbe' | 'readinessProbe'
const PROBES: readonly Probe[] = ['healthcheck', 'livenessProbe', 'readinessProbe']

function hasProbes(container: ContainerInfo): boolean {
  return container.healthcheck !== undefined || container.livenessProbe !== undefined || container.readinessProbe !== undefined
}

/** Which of its container's probes a process was started as; undefined if it is none. */
function startedAs(ev: Event, { containerId, exe, args }: ThreadInfo): Probe | undefined {
  const container = containerId === '' ? undefined : ev._state!.containers.get(containerId)
  if (container === undefined || !hasProbes(container)) return undefined
  const line = [exe, ...args].join(' ')
  return PROBES.find((probe) => container[probe] === line)
}

function isInit(thread: ThreadInfo): boolean {
  return thread.vpid === 1 && thread.containerId !== ''
}

/**
 * Which probe a process is part of: it, or one that it comes from, was started as the probe, and that from outside; what the
 * container's own first process has started is no probe.
 */
function partOf(thread: ThreadInfo, ev: Event): Probe | undefined {
  if (thread.containerId === '' || isInit(thread)) return undefined
  let probe = startedAs(ev, thread)
  const init = findAncestor(ev, thread, (ancestor) => {
    if (isInit(ancestor)) return true
    probe ??= startedAs(ev, ancestor)
    return false
  })
  return init === undefined ? probe : undefined
}

function probeField(name: string, probe: Probe, what: string): Field {
  return ofThread(`proc.is_container_${name}`, 'BOOL', `Is it part of its container's ${what}?`,
    (thread, ev) => partOf(thread, ev) === probe, { needs: ['thread', 'container'] })
}

/** What the runtime starts in a container to see how it does. */
export const PROBE_FIELDS: readonly Field[] = [
  probeField('healthcheck', 'healthcheck', 'health check'),
  probeField('liveness_probe', 'livenessProbe', 'liveness probe'),
  probeField('readiness_probe', 'readinessProbe', 'readiness probe'),
]
