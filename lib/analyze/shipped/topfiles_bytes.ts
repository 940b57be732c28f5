import { top } from '../top.js'

export default top({
  name: 'topfiles_bytes',
  about: 'Files by bytes read and written',
  category: 'I/O',
  filter: 'fd.type = file and evt.is_io = true',
  value: 'evt.rawarg.res', title: 'Bytes', unit: 'bytes',
  by: [['fd.name', 'Filename']],
  byContainer: [['container.name', 'container.name'], ['fd.name', 'Filename']],
  top: 10,
})
