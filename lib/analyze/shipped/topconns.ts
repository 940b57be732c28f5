import { top } from '../top.js'

export default top({
  name: 'topconns',
  about: 'Connections by bytes sent and received',
  category: 'Net',
  filter: '(fd.type = ipv4 or fd.type = ipv6) and evt.is_io = true',
  value: 'evt.rawarg.res', title: 'Bytes', unit: 'bytes',
  by: [['fd.l4proto', 'Proto'], ['fd.name', 'Conn']],
  byContainer: [['container.name', 'container.name'], ['fd.l4proto', 'Proto'], ['fd.name', 'Conn']],
  top: 30,
})
