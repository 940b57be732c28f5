import { top } from '../top.js'

export default top({
  name: 'topports_server',
  about: 'Server ports by bytes sent and received',
  category: 'Net',
  filter: '(fd.type = ipv4 or fd.type = ipv6) and evt.is_io = true',
  value: 'evt.rawarg.res', title: 'Bytes', unit: 'bytes',
  by: [['fd.sport', 'Srv Port']],
  byContainer: [['fd.sport', 'Srv Port'], ['container.name', 'container.name']],
  top: 100,
})
