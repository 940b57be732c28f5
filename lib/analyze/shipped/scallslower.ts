import { slower } from '../slower.js'

export default slower({
  name: 'scallslower',
  about: 'System calls that took longer than so many ms',
  category: 'Performance',
  filter: 'evt.latency > 0',
  fd: false,
})
