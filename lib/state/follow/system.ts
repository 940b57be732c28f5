import type { Event } from '../../event/event.js'
import { text, uint32 } from '../params.js'
import type { State } from '../state.js'
import { CONTAINER_TYPES } from '../containers.js'
import type { Followers } from './follow.js'

/** What is no thread's doing: containers, users and groups that come and go. */

function container(state: State, ev: Event): void {
  if (ev.nparams === 1) {
    state.containers.addJson(text(ev, 0) ?? '')
    return
  }
  const id = text(ev, 0)
  if (id === undefined || id === '') return
  const name = text(ev, 2)
  const image = text(ev, 3)
  state.containers.set(id, {
    id,
    fullId: id,
    type: CONTAINER_TYPES[uint32(ev, 1, 0)] ?? 'unknown',
    lookup: 'known',
    ...(name !== undefined && { name }),
    ...(image !== undefined && { image }),
  })
}

/** Those of containers have numbers that mean somebody else on the host. */
function isOfHost(ev: Event, index: number): boolean {
  return (text(ev, index) ?? '') === ''
}

export const SYSTEM: Followers = {
  enter: {
    container,
    useradded: (state, ev) => {
      const uid = uint32(ev, 0, 0)
      if (isOfHost(ev, 5)) {
        state.users.set(uid, { uid, gid: uint32(ev, 1, 0), name: text(ev, 2) ?? '', home: text(ev, 3) ?? '', shell: text(ev, 4) ?? '' })
      }
    },
    userdeleted: (state, ev) => { if (isOfHost(ev, 5)) state.users.delete(uint32(ev, 0, 0)) },
    groupadded: (state, ev) => {
      const gid = uint32(ev, 0, 0)
      if (isOfHost(ev, 2)) state.groups.set(gid, { gid, name: text(ev, 1) ?? '' })
    },
    groupdeleted: (state, ev) => { if (isOfHost(ev, 2)) state.groups.delete(uint32(ev, 0, 0)) },
  },
}
