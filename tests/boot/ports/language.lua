-- What an interpreter asks of its libc: formatting and reading of numbers, patterns, sorting, memory that
-- comes and goes, long jumps, dates.
local function show(...) print(...) end

for _, x in ipairs {0, 1, -1, 0.1, 1e15, 1e16, 1e100, 2 ^ 53, -0.0, 1 / 3, 123456.789, 1 / 0, -1 / 0} do
    show(x, string.format("%5.2f|%g|%e|%a|%10.3g|%-12s|", x, x, x, x, x, tostring(x)))
end
show(string.format("%d %5d %-5d| %05d %x %X %o %c %q %i", 42, 42, 42, 42, 255, 255, 8, 65, "a\n\"b\0c", 7))
for _, s in ipairs {"10", "0x10", "1e2", " 5 ", "5x", "0x1p4", ".5", "5.", "", "nan", "1e400", "0x.8"} do
    show(s, tonumber(s), math.type(tonumber(s)))
end
show(math.sin(1), math.cos(1), math.tan(1), math.exp(1), math.log(10), math.log(8, 2), math.sqrt(2))
show(math.floor(-3.5), math.ceil(-3.5), math.fmod(-7, 3), -7 % 3, -7 // 2, 7 // 0.0, math.modf(-3.25))
show(math.maxinteger, math.mininteger, math.maxinteger + 1 == math.mininteger, 1 << 62, ~0)

show(("hello world"):find("o w"), ("hello"):gsub("l", "L"), ("k=v; x=y"):match("(%w+)=(%w+)$"))
for k, v in ("a=1, b=22, c=333"):gmatch("(%w+)=(%d+)") do io.write(k, ":", v, " ") end
show(("%bxy"):len(), ("(a(b)c)"):match("%b()"), ("THE (quick) fox"):find("%((%a+)%)"))
show(("x"):rep(5, "-"), ("abc"):reverse(), ("abc"):byte(1, -1), string.pack("<i4z", 100, "hi"):len())
show(utf8.char(72, 228, 8364, 128512), utf8.len("häß"), ("%5s|%-5s|%.2s"):format("a", "b", "cdef"))

local list = {}
for i = 1, 2000 do list[i] = (i * 7919) % 2003 end
table.sort(list)
show(list[1], list[1000], list[2000], table.concat(list, ",", 1, 10))
table.sort(list, function(a, b) return a > b end)
show(list[1], #table.pack(table.unpack(list, 1, 200)))

local sum = 0
for round = 1, 20 do
    local t = {}
    for i = 1, 2000 do t[i] = {tostring(i), i} end
    for i = 1, 2000 do sum = sum + #t[i][1] + t[i][2] end
end
collectgarbage()
show(sum, collectgarbage("count") < 2000)

local function thrower(n) if n == 0 then error({code = 42}) end return thrower(n - 1) + 1 end
local ok, problem = pcall(thrower, 100)
show(ok, type(problem), problem.code, select(2, pcall(error)))
show(pcall(string.rep, "x", 1 << 40), pcall(function() return 1 + nil end))
show(select(2, xpcall(function() local x = nil; x() end, function(m) return "handled " .. m end)))
local function deep(n) return n == 0 and 0 or 1 + deep(n - 1) end
show(pcall(deep, 10000), (pcall(deep, 1e7)))

local co = coroutine.create(function(a, b)
    local c = coroutine.yield(a + b)
    local d, e = coroutine.yield(c * 2)
    error("inside " .. d .. e)
end)
show(coroutine.resume(co, 1, 2)) show(coroutine.resume(co, 10)) show(coroutine.resume(co, "x", "y"))
show(coroutine.status(co), coroutine.isyieldable(), coroutine.wrap(function() return "done" end)())

local object = setmetatable({}, {__index = function(_, k) return k .. "!" end, __call = function(_, x) return x end,
    __tostring = function() return "object" end, __close = function() io.write("closed ") end, __len = function() return 9 end})
do local c <close> = object end
show(object.name, object(5), tostring(object), #object)

show(os.date("!%Y-%m-%d %H:%M:%S %j %a %b", 1e9), os.date("!*t", 86400).day, os.getenv("NOTHING"))
show(os.time {year = 2000, month = 1, day = 1, hour = 0}, os.setlocale(nil), os.setlocale("C"))
show(load("return 1 +")) show(load("return ...")(7), loadstring, #arg)
local chunk = string.dump(function(x) return x * x end)
show(load(chunk, "b", "b")(12), io.write("") == io.stdout, io.type(io.stdin))
show(require == package.searchers, package.config:sub(1, 1), #package.path > 0)
io.stderr:write("to standard error\n")
os.exit(3)
