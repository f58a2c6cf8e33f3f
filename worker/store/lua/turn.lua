-- Whether an alert goes to its channel now or is gathered for the channel's next digest.
-- KEYS sent, gathered, due, bell
-- ARGV alert id, most, within, gather ('1' or ''), seconds a gathered one waits, member, now
-- Returns 1 send it now, 0 gathered.
local now = tonumber(ARGV[7])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[3]))
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 1 end  -- its turn came before, and it failed
if ARGV[4] == '' and redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('ZADD', KEYS[1], now, ARGV[1])
  redis.call('EXPIRE', KEYS[1], 86400)
  return 1
end
if not redis.call('LPOS', KEYS[2], ARGV[1]) then redis.call('RPUSH', KEYS[2], ARGV[1]) end
local moment = now + tonumber(ARGV[5])
local waits = redis.call('ZSCORE', KEYS[3], ARGV[6])
if not waits or tonumber(waits) > moment then
  redis.call('ZADD', KEYS[3], string.format('%.6f', moment), ARGV[6])
  if redis.call('LLEN', KEYS[4]) == 0 then redis.call('LPUSH', KEYS[4], '1') end
end
return 0
