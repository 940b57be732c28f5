import type { Event } from '../event/event.js'
import { glob } from '../filter/glob.js'
import type { ContainerInfo, ContainerMount } from '../state/container.js'
import type { Extractor, Field } from './field.js'

const NEEDS = ['thread', 'container'] as const

/** "/host/dir:/dir:rw:true:rprivate" */
function mountText({ source, dest, mode, rdwr, propagation }: ContainerMount): string {
  return `${source}:${dest}:${mode}:${rdwr}:${propagation}`
}

/** What is known of the container of an event's thread; undefined on the host. */
export function containerOf(ev: Event): ContainerInfo | undefined {
  const thread = ev._thread
  return thread === undefined || thread.containerId === '' ? undefined : ev._state!.containers.get(thread.containerId)
}

/** A field of one mount, which its number says or, as a pattern, its path `by`. */
function mountField(part: string, doc: string, by: 'source' | 'dest', property: (mount: ContainerMount) => string): Field {
  return {
    name: `container.mount${part}`,
    type: 'CHARBUF',
    doc: `${doc}, by the mount's number or by a pattern of its ${by === 'source' ? 'source' : 'destination'}.`,
    arg: 'required',
    needs: NEEDS,
    bind: (arg) => ofMount(arg!, by, property),
  }
}

function ofMount(arg: string, by: 'source' | 'dest', property: (mount: ContainerMount) => string): Extractor {
  const matches = glob(arg)
  const find: (mounts: readonly ContainerMount[]) => ContainerMount | undefined = /^\d+$/.test(arg)
    ? (mounts) => mounts[Number(arg)]
    : (mounts) => mounts.find((mount) => matches(mount[by]))
  return {
    get(ev) {
      const mount = find(containerOf(ev)?.mounts ?? [])
      return mount === undefined ? undefined : property(mount)
    },
  }
}

/** What of the host a container has in its file system. */
export const MOUNT_FIELDS: readonly Field[] = [
  {
    name: 'container.mounts',
    type: 'CHARBUF',
    doc: 'What is mounted in it: source:destination:mode:writable:propagation, with commas between.',
    needs: NEEDS,
    bind: () => ({
      get(ev) {
        const found = containerOf(ev)
        return found === undefined ? undefined : (found.mounts ?? []).map(mountText).join(',')
      },
    }),
  },
  mountField('', 'One mount: source:destination:mode:writable:propagation', 'source', mountText),
  mountField('.source', 'Path on the host', 'dest', (mount) => mount.source),
  mountField('.dest', 'Path in the container', 'source', (mount) => mount.dest),
  mountField('.mode', 'Mode of a mount', 'source', (mount) => mount.mode),
  mountField('.rdwr', 'May it be written to', 'source', (mount) => `${mount.rdwr}`),
  mountField('.propagation', 'How mounts in it spread', 'source', (mount) => mount.propagation),
]
