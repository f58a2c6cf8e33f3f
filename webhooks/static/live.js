// A page's live part, asked for every second and put in its place piece by piece; countdowns; and
// the browser's time zone. The server escapes everything; nothing here makes markup of its own.
"use strict";

const EVERY = 1000;
const UNSEEN = 5000; // nobody looks at this tab
const PATIENCE = 5000;
const STALE_AFTER = 5000;

const live = document.querySelector("[data-live]");
const clock = document.querySelector("[data-now]");
const stale = document.getElementById("stale");
let skew = clock ? Date.parse(clock.dataset.now) - Date.now() : 0; // the server's clock minus ours
let etag = live && live.dataset.etag ? `"${live.dataset.etag}"` : "";
let answeredAt = Date.now();
const shown = new WeakMap(); // element -> the markup that the server sent for it

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function two(number) {
  return String(number).padStart(2, "0");
}

function countdown(seconds) {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function span(seconds) {
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60) % 60;
  const hours = Math.floor(seconds / 3600);
  return hours ? `${hours}h ${minutes}m` : `${minutes}m`;
}

function tick() {
  const now = Date.now() + skew;
  const words = (clock && clock.dataset.ago) || "{span}";
  for (const element of document.querySelectorAll("[data-deadline]")) {
    const left = Date.parse(element.dataset.deadline) - now;
    // Rounded up: 0:00 appears when the deadline is there, not a second before.
    write(element, left > 0 ? countdown(Math.ceil(left / 1000)) : words.replace("{span}", span(Math.floor(-left / 1000))));
  }
  if (!live || !stale) return;
  const silent = Date.now() - answeredAt;
  stale.hidden = silent < STALE_AFTER + (document.hidden ? UNSEEN : 0);
  if (!stale.hidden) write(stale, stale.dataset.text.replace("{seconds}", Math.floor(silent / 1000)));
}

// Replaces what differs from what the server sent before, so that focus and selection stay.
function put(held, fresh) {
  const markup = fresh.outerHTML;
  if (shown.get(held) === markup) return held;
  const rows = held.querySelector("[data-rows]");
  const freshRows = fresh.querySelector("[data-rows]");
  if (rows && freshRows) {
    list(rows, freshRows);
    if (held.hidden !== fresh.hidden) held.hidden = fresh.hidden;
    shown.set(held, markup);
    return held;
  }
  if (held.contains(document.activeElement) && held.querySelector("form")) return held; // somebody types
  const place = pathTo(held, document.activeElement);
  held.replaceWith(fresh);
  shown.set(fresh, markup);
  if (place !== null) restore(fresh, place);
  return fresh;
}

function list(body, fresh) {
  const held = new Map([...body.children].map((line) => [line.dataset.key, line]));
  [...fresh.children].forEach((line, index) => {
    const before = held.get(line.dataset.key);
    held.delete(line.dataset.key);
    const now = before ? put(before, line) : line;
    if (!before) shown.set(line, line.outerHTML);
    if (body.children[index] !== now) body.insertBefore(now, body.children[index] || null);
  });
  for (const line of held.values()) line.remove();
}

function pathTo(held, element) {
  if (!element || element === document.body || !held.contains(element)) return null;
  return [...held.querySelectorAll("a, button, summary, input")].indexOf(element);
}

function restore(fresh, place) {
  const element = [...fresh.querySelectorAll("a, button, summary, input")][place];
  if (element) element.focus();
}

function show(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").body;
  const held = new Map([...live.children].map((part) => [part.dataset.part, part]));
  [...fresh.children].forEach((part, index) => {
    const before = held.get(part.dataset.part);
    held.delete(part.dataset.part);
    const now = before ? put(before, part) : part;
    if (live.children[index] !== now) live.insertBefore(now, live.children[index] || null);
  });
  for (const part of held.values()) part.remove();
}

function remember() {
  for (const part of live.children) {
    for (const line of part.querySelectorAll("[data-rows] > *")) shown.set(line, line.outerHTML);
    shown.set(part, part.outerHTML);
  }
}

async function ask() {
  try {
    const headers = etag ? { "If-None-Match": etag } : {};
    const answer = await fetch(live.dataset.live, { headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status === 401 || answer.status === 403) return window.location.reload();
    if (answer.status === 200) {
      show(await answer.text());
      etag = answer.headers.get("ETag") || "";
      document.title = answer.headers.get("X-Minutehand-Title") || document.title;
    }
    if (answer.status === 200 || answer.status === 304) {
      answeredAt = Date.now();
      skew = Date.parse(answer.headers.get("X-Minutehand-Now")) - answeredAt || 0;
      tick();
    }
  } catch {
    // The next second tries again; meanwhile tick() says since when there is no answer.
  }
  setTimeout(ask, document.hidden ? UNSEEN : EVERY);
}

// The server writes moments in the browser's zone once it knows it. Without cookies it never does.
function tellZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const used = document.documentElement.dataset.zone;
  const told = () => document.cookie.split("; ").includes(`minutehand_zone=${zone}`);
  if (!zone || !used || zone === used || told()) return;
  document.cookie = `minutehand_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
  if (told()) window.location.reload();
}

if (live) remember();
tick();
setInterval(tick, 250);
if (live) setTimeout(ask, EVERY);
tellZone();
