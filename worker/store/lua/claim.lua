-- Take what is due, on Redis time. Never two live claims on one member.
-- KEYS due, claimed, again, tokens, claims, attempts, crashes, failed, begun, the two RQ queues
-- ARGV most to take, seconds of the claim, claims that may run out, longest queue for taking back,
--      seconds between those that died together
-- Returns {{member, token, attempt, due}, ...}, now, next moment due or ''.
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
local stamp = string.format('%.6f', now)
local waiting = redis.call('LLEN', KEYS[10]) + redis.call('LLEN', KEYS[11])
-- A claim that ran out comes due again. If its job had begun, its worker died or hung, and five
-- times is enough; if not, it was lost on the way, unless it may still wait in a long queue.
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', stamp, 'LIMIT', 0, ARGV[1])) do
  local begun = redis.call('SISMEMBER', KEYS[9], member) == 1
  if not begun and waiting > tonumber(ARGV[4]) then
    redis.call('ZADD', KEYS[2], string.format('%.6f', now + 20), member)
  else
    redis.call('ZREM', KEYS[2], member)
    redis.call('SREM', KEYS[9], member)
    local token = tonumber(redis.call('HGET', KEYS[4], member) or '0')
    redis.call('HDEL', KEYS[4], member)
    redis.call('HDEL', KEYS[3], member)
    local crashes = begun and redis.call('HINCRBY', KEYS[7], member, 1) or 0
    if crashes >= tonumber(ARGV[3]) then
      redis.call('HDEL', KEYS[7], member)
      redis.call('HDEL', KEYS[6], member)
      redis.call('ZREM', KEYS[1], member)
      redis.call('HSET', KEYS[8], member, cjson.encode({at = now,
        reason = 'its worker died or hung ' .. crashes .. ' times while doing it'}))
    else
      -- Whoever died with others twice comes back apart from them: one of them may have killed the
      -- rest, and would again. Jobs that ran together have numbers near each other.
      local apart = crashes > 1 and token % 16 * tonumber(ARGV[5]) or 0
      redis.call('ZADD', KEYS[1], 'LT', string.format('%.6f', now + apart), member)
    end
  end
end
local taken = {}
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', stamp, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
for i = 1, #due, 2 do
  local member = due[i]
  redis.call('ZREM', KEYS[1], member)
  if redis.call('ZSCORE', KEYS[2], member) then
    redis.call('HSET', KEYS[3], member, due[i + 1])
  else
    local token = redis.call('INCR', KEYS[5])
    redis.call('ZADD', KEYS[2], string.format('%.6f', now + tonumber(ARGV[2])), member)
    redis.call('HSET', KEYS[4], member, token)
    taken[#taken + 1] = {member, token, redis.call('HINCRBY', KEYS[6], member, 1), due[i + 1]}
  end
end
local nearest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {taken, stamp, nearest[2] or ''}
