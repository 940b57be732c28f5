import { slower } from '../slower.js'

export default slower({
  name: 'fileslower',
  about: 'Reads and writes of files that took longer than so many ms; /dev left out',
  category: 'Performance',
  filter: 'evt.dir = < and evt.is_io = true and fd.type = file',
  skip: '/dev/',
  fd: true,
})
