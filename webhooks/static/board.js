// The board, live: asks for /board.json every second, fills rows, and counts down.
// Ticket text reaches the page through textContent only.
"use strict";

const EVERY = 1000;
const PATIENCE = 5000;
const STALE_AFTER = 5000;

let skew = 0; // the server's clock minus ours, in milliseconds
let etag = "";
let answeredAt = Date.now();

const byId = (id) => document.getElementById(id);

function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function two(number) {
  return String(number).padStart(2, "0");
}

function countdown(seconds) {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function ago(seconds) {
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60) % 60;
  const hours = Math.floor(seconds / 3600);
  return hours ? `${hours}h ${minutes}m` : `${minutes}m`;
}

function tick() {
  const now = Date.now() + skew;
  for (const element of document.querySelectorAll("[data-deadline]")) {
    const left = Date.parse(element.dataset.deadline) - now;
    // Rounded up: 0:00 appears when the deadline is there, not a second before.
    write(element, left > 0 ? countdown(Math.ceil(left / 1000)) : `breached ${ago(Math.floor(-left / 1000))} ago`);
  }
  const silent = Date.now() - answeredAt;
  const stale = byId("stale");
  if (!stale) return;
  stale.hidden = silent < STALE_AFTER;
  if (!stale.hidden) write(stale.querySelector("span"), `no answer since ${Math.floor(silent / 1000)} s`);
}

function fill(line, row) {
  line.className = row.tone;
  line.querySelector("a").setAttribute("href", row.href);
  line.querySelector(".chip").className = `chip ${row.severity}`;
  for (const element of line.querySelectorAll("[data-fill]")) write(element, row[element.dataset.fill]);
  const flags = line.querySelector(".flags");
  if ([...flags.children].map((flag) => flag.textContent).join("\n") !== row.flags.join("\n")) {
    flags.replaceChildren(...row.flags.map((text) => made("span", "flag", text)));
  }
  const count = line.querySelector(".count");
  if (!count) return;
  if (row.deadline) count.dataset.deadline = row.deadline;
  write(line.querySelector(".step"), row.next ? `${row.next.label} \u2192 ${row.next.who}` : "no step left");
  write(line.querySelector(".when"), row.next ? row.next.at : "");
}

function made(name, className, text) {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

// Rows stay the same elements while their ticket does, so that focus and selection stay too.
function list(body, rows) {
  const held = new Map([...body.children].map((line) => [line.dataset.key, line]));
  rows.forEach((row, place) => {
    let line = held.get(row.key);
    held.delete(row.key);
    if (!line) {
      line = byId(body.dataset.template).content.firstElementChild.cloneNode(true);
      line.dataset.key = row.key;
    }
    fill(line, row);
    if (body.children[place] !== line) body.insertBefore(line, body.children[place] || null);
  });
  for (const line of held.values()) line.remove();
}

function show(content) {
  const banner = byId("banner");
  write(banner, content.banner);
  banner.className = `banner ${content.paused ? "paused" : content.mode}`;
  const warnings = byId("warnings");
  if ([...warnings.children].map((line) => line.textContent).join("\n") !== content.warnings.join("\n")) {
    warnings.replaceChildren(...content.warnings.map((text) => made("li", "", text)));
  }
  for (const figure of document.querySelectorAll("[data-count]")) {
    write(figure, String(content.counts[figure.dataset.count] ?? 0));
  }
  list(byId("open"), content.open);
  list(byId("settled"), content.settled);
  byId("empty").hidden = content.open.length > 0;
  byId("open").parentElement.hidden = content.open.length === 0;
  byId("settled-part").hidden = content.settled.length === 0;
  byId("more").hidden = content.more === 0;
  write(byId("more").querySelector("span"), String(content.more));
  const breached = content.counts.breached || 0;
  document.title = `${breached ? `(${breached} breached) ` : ""}Minutehand: first responses`;
}

async function ask() {
  try {
    const headers = etag ? { "If-None-Match": etag } : {};
    const answer = await fetch("/board.json", { headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status === 401 || answer.status === 403) return window.location.reload();
    if (answer.status === 200) {
      show(await answer.json());
      etag = answer.headers.get("ETag") || "";
    }
    if (answer.status === 200 || answer.status === 304) {
      answeredAt = Date.now();
      skew = Date.parse(answer.headers.get("X-Minutehand-Now")) - answeredAt || 0;
      tick();
    }
  } catch {
    // The next second tries again; meanwhile tick() says since when there is no answer.
  }
  setTimeout(ask, EVERY);
}

const start = document.querySelector("[data-now]");
if (start) skew = Date.parse(start.dataset.now) - Date.now();
tick();
setInterval(tick, 250);
if (byId("open")) ask();
