-- Which process a thread is, as far as the frames tell: programs that were started, children that were born, since the
-- capture began. Frames are dissected again, in any order, when they are looked at: what was known at each is kept.
local processes = {}

-- stream → tid → { frames, names }: since that frame that name; false: it has ended.
local histories = {}

function processes.clear()
  histories = {}
end

-- Frames come in order, while they are followed.
local function learn(stream, frame, tid, name)
  local threads = histories[stream]
  if not threads then
    threads = {}
    histories[stream] = threads
  end
  local history = threads[tid]
  if not history then
    history = { frames = {}, names = {} }
    threads[tid] = history
  end
  local last = #history.frames
  if history.names[last] == name then return end
  history.frames[last + 1] = frame
  history.names[last + 1] = name
end

-- The name of the thread's program at a frame; nil where it is not known.
function processes.name(stream, frame, tid)
  local history = histories[stream] and histories[stream][tid]
  if not history then return nil end
  local low, high = 0, #history.frames
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if history.frames[middle] <= frame then low = middle else high = middle - 1 end
  end
  return history.names[low] or nil
end

local PR_SET_NAME = 15
-- PPM_CL_CHILD_IN_PIDNS: the caller does not know the child by the number that it has in its events.
local CHILD_IN_PIDNS = 0x80000

-- `get(name)` gives where a parameter stands and its length, which is not 0; nil if the record does not have it.

local function result(s, get)
  local at, length = get('res')
  return at and length >= 8 and bytes.s64(s, at) or -1
end

local function name(s, get, param)
  local at, length = get(param)
  return at and bytes.string(s, at, length)
end

local function number(s, get, param, size, default)
  local at, length = get(param)
  if not at or length < size then return default end
  return size == 8 and bytes.s64(s, at) or bytes.u32(s, at)
end

local function born(know, tid, s, get)
  local child = result(s, get)
  local comm = name(s, get, 'comm')
  if child < 0 or not comm then return end
  know(tid, comm)
  local foreign = number(s, get, 'flags', 4, 0) % (2 * CHILD_IN_PIDNS) >= CHILD_IN_PIDNS or number(s, get, 'vtid', 8, tid) ~= tid
  if child > 0 and not foreign then know(child, comm) end
end

local function started(know, tid, s, get)
  local comm = name(s, get, 'comm')
  if result(s, get) >= 0 and comm then know(tid, comm) end
end

local function renamed(know, tid, s, get)
  if result(s, get) < 0 or number(s, get, 'option', 4, 0) ~= PR_SET_NAME then return end
  local comm = name(s, get, 'arg2_str')
  if comm then know(tid, comm) end
end

local FOLLOW = {
  clone = born, clone3 = born, fork = born, vfork = born, execve = started, execveat = started, prctl = renamed,
}

-- Learns what an exit event of that name tells; of procexit, which has none, that the thread is gone behind this frame.
function processes.follow(event_name, is_exit, stream, frame, tid, s, get)
  if event_name == 'procexit' then return learn(stream, frame + 1, tid, false) end
  local follow = is_exit and FOLLOW[event_name]
  if follow then follow(function(of, comm) learn(stream, frame, of, comm) end, tid, s, get) end
end

return processes
