import { Mounts } from '../mounts.js'
import { slower } from '../slower.js'

const mounts = new Mounts()

export default slower({
  name: 'ext4slower',
  about: 'Reads and writes of files that took longer than so many ms, on file systems of one type',
  category: 'Performance',
  filter: 'evt.dir = < and evt.is_io = true and fd.type = file',
  fd: true,
  args: [{ name: 'type', about: 'type of the file systems, as in /proc/mounts', type: 'string', default: 'ext4' }],
  only: ({ fd, pid }, { type }) => fd !== undefined && pid !== undefined && mounts.typeOf(fd.dev, pid) === type,
  liveOnly: 'recordings do not say of what type a file system was',
})
