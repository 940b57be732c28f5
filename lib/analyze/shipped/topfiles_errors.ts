import { top } from '../top.js'

export default top({
  name: 'topfiles_errors',
  about: 'Files by calls that failed',
  category: 'Errors',
  filter: 'fd.type = file and evt.failed = true',
  value: 'evt.count', title: '#Errors', unit: 'count',
  by: [['fd.name', 'Filename']],
  byContainer: [['fd.name', 'Filename'], ['container.name', 'container.name']],
  top: 100,
})
