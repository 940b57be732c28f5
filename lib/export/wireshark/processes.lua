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
local CHILD_IN_PIDNS = 0x20000000

-- What a record's parameters say; `default` where they are not there.

local function number(s, r, param, size, default)
  local at, length = record.place(r, param)
  if not at or length < size then return default end
  return size == 8 and bytes.s64(s, at) or bytes.u32(s, at)
end

local function name(s, r, param)
  local at, length = record.place(r, param)
  return at and bytes.string(s, at, length)
end

-- Both the caller and the child leave the call.
local function born(know, s, r)
  local child, comm = number(s, r, 'res', 8, -1), name(s, r, 'comm')
  if child < 0 or not comm then return end
  know(r.tid, comm)
  local foreign = number(s, r, 'flags', 4, 0) % (2 * CHILD_IN_PIDNS) >= CHILD_IN_PIDNS or number(s, r, 'vtid', 8, r.tid) ~= r.tid
  if child > 0 and not foreign then know(child, comm) end
end

local function started(know, s, r)
  local comm = name(s, r, 'comm')
  if number(s, r, 'res', 8, -1) >= 0 and comm then know(r.tid, comm) end
end

local function renamed(know, s, r)
  if number(s, r, 'res', 8, -1) < 0 or number(s, r, 'option', 4, 0) ~= PR_SET_NAME then return end
  local comm = name(s, r, 'arg2_str')
  if comm then know(r.tid, comm) end
end

local FOLLOW = {
  clone = born, clone3 = born, fork = born, vfork = born, execve = started, execveat = started, prctl = renamed,
}

-- Learns what an exit event tells, of procexit that the thread is gone behind this frame.
function processes.follow(stream, frame, s, r)
  if r.name == 'procexit' then return learn(stream, frame + 1, r.tid, false) end
  local follow = r.is_exit and FOLLOW[r.name]
  if follow then follow(function(tid, comm) learn(stream, frame, tid, comm) end, s, r) end
end

return processes
