import type { FdInfo } from '../state/fdinfo.js'
import { define, type Traits } from './define.js'
import { fdOf } from './fd.event.js'
import type { Field, Value, ValueType } from './field.js'

// In the flags that a file was opened with the driver also says where in an overlay it is (PPM_FD_*_LAYER).
const UPPER_LAYER = 1 << 15
const LOWER_LAYER = 1 << 16

/** As new_encode_dev in linux/kdev_t.h. */
function major(dev: number): number {
  return dev >>> 8 & 0xfff
}

function minor(dev: number): number {
  return (dev & 0xff) | (dev >>> 12 & 0xfff00)
}

function ofFd(name: string, type: ValueType, doc: string, get: (fd: FdInfo) => Value | undefined, traits: Traits = {}): Field {
  return define(name, type, doc, (ev) => {
    const fd = fdOf(ev)
    return fd === undefined ? undefined : get(fd)
  }, { needs: ['thread', 'fd'], ...traits })
}

/** Where a file is. */
export const DEVICE_FIELDS: readonly Field[] = [
  ofFd('fd.dev', 'INT32', 'Device that the file is on: minor and major number in one.', (fd) => fd.dev | 0, { format: 'HEX' }),
  ofFd('fd.dev.major', 'INT32', 'Major number of the device that the file is on.', (fd) => major(fd.dev)),
  ofFd('fd.dev.minor', 'INT32', 'Minor number of the device that the file is on.', (fd) => minor(fd.dev)),
  ofFd('fd.ino', 'INT64', 'Inode of the file; 0 if it is not known.', (fd) => fd.ino, { since: '0.7' }),
  ofFd('fd.is_upper_layer', 'BOOL', 'Is the file in the upper layer of an overlay?', (fd) => (fd.openFlags & UPPER_LAYER) !== 0, {
    since: '0.18',
  }),
  ofFd('fd.is_lower_layer', 'BOOL', 'Is the file in a lower layer of an overlay?', (fd) => (fd.openFlags & LOWER_LAYER) !== 0, {
    since: '0.18',
  }),
]
