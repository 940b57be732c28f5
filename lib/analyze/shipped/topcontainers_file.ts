import { top } from '../top.js'

export default top({
  name: 'topcontainers_file',
  about: 'Containers by bytes read from and written to files',
  category: 'I/O',
  filter: 'fd.type = file and evt.is_io = true and container.name != host',
  value: 'evt.rawarg.res', title: 'Bytes', unit: 'bytes',
  by: [['container.name', 'container.name']],
  top: 10,
})
