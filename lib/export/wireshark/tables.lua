-- What the text of the tables says, as Lua tables.
local tables = { params = {}, events = {}, flags = {}, calls = {}, signals = {}, errors = {} }

local function lines(text)
  return text:gmatch('[^\n]+')
end

local function words(text)
  local list = {}
  for word in text:gmatch('%S+') do list[#list + 1] = word end
  return list
end

-- Names and values of "A=1 B=2"; a name may have what a value cannot.
local function pairs_in(text)
  local names, values = {}, {}
  for name, value in text:gmatch('(%S+)=(%d+)') do
    names[#names + 1] = name
    values[#values + 1] = tonumber(value)
  end
  return names, values
end

for line in lines(data.flags) do
  local names, values = pairs_in(line:match(' (.*)') or '')
  tables.flags[line:match('^%S+')] = { names = names, values = values }
end

-- Types that a DYN parameter chooses from, from 0: "FD:DEC,ERRNO:DEC".
local function variants(text)
  local list, index = {}, 0
  for type, format in text:gmatch('(%w+):(%w+)') do
    list[index] = { type = type, format = format }
    index = index + 1
  end
  return list
end

for line in lines(data.params) do
  local name, type, format, field, extra = line:match('^(%S+) (%S+) (%S+) (%S+) ?(%S*)$')
  local param = { name = name, type = type, format = format, field = field }
  if type == 'DYN' then
    param.variants = variants(extra)
  else
    param.flags = tables.flags[extra]
  end
  tables.params[#tables.params + 1] = param
end

-- By code, from 0: `name`, the parameters, their indexes by name. `formerly`: what a parameter was in shorter records.
local code = 0
for line in lines(data.events) do
  local event = { index = {} }
  for i, word in ipairs(words(line)) do
    if i == 1 then
      event.name = word
    else
      local now, before, since = word:match('^(%d+)/?(%d*)@?(%d*)$')
      event[i - 1] = tables.params[tonumber(now)]
      event.index[event[i - 1].name] = i - 1
      if before ~= '' then event.formerly = { index = i - 1, param = tables.params[tonumber(before)], since = tonumber(since) } end
    end
  end
  tables.events[code] = event
  code = code + 1
end

local call = 0
for name in (data.calls:gsub('\n', '')):gmatch('([^,]*),?') do
  if name ~= '' then tables.calls[call] = name end
  call = call + 1
end

tables.signals = words(data.signals)
local errors, numbers = pairs_in(data.errors)
for i, name in ipairs(errors) do tables.errors[numbers[i]] = name end

-- The parameter at `index` from 1, of a record with `count` of them.
function tables.param(event, index, count)
  local formerly = event.formerly
  if formerly and formerly.index == index and count < formerly.since then return formerly.param end
  return event[index]
end

return tables
