// Refreshes the tickets every second. Ticket text only ever becomes textContent.
"use strict";

const EVERY_MS = 1000;
const SHOWN = 80;
const STATES = { on_track: ["On track", "good"], near: ["Breach soon", "warn"], breached: ["Breached", "bad"], met: ["Answered in time", "good"] };
const SAMPLE = { agent: "Thanks for writing in, I am looking at it now.", requester: "Any news on this?" };
const cards = new Map();
let shown = "all";

const byId = (id) => document.getElementById(id);
const done = (ticket) => ["solved", "closed"].includes(ticket.status) || ticket.gone;

async function call(path, body) {
  const answer = await fetch(`/sandbox/${path}`, body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error || `The sandbox answered ${answer.status}.`);
  return found;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function line(tag, className, ...parts) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...parts);
  return made;
}

function span(milliseconds) {
  const seconds = Math.abs(Math.round(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function clock(ticket) {
  if (ticket.answered_at) {
    const late = ticket.deadline && new Date(ticket.answered_at) > new Date(ticket.deadline);
    return [`Answered after ${span(new Date(ticket.answered_at) - new Date(ticket.created_at))}`, late ? "bad" : "good"];
  }
  if (done(ticket)) return ["Closed without reply", ""];
  if (!ticket.deadline) return ["No deadline yet", ""];
  const left = new Date(ticket.deadline) - Date.now();
  if (left < 0) return [`${span(left)} over`, "bad"];
  const whole = new Date(ticket.deadline) - new Date(ticket.created_at);
  return [`${span(left)} left`, left < whole / 4 ? "warn" : ""];
}

function facts(ticket) {
  const made = [];
  const [state, tone] = STATES[ticket.state] || [];
  if (state) made.push(line("span", `fact ${tone}`, state));
  if (ticket.review) made.push(line("span", "fact warn", "Needs review"));
  if (ticket.meta_dependency) made.push(line("span", "fact warn", "Meta dependency"));
  made.push(line("span", "fact", `Status ${ticket.status_label}`));
  made.push(line("span", "fact", `Priority ${ticket.priority_label || "none"}`));
  if (ticket.writes) made.push(line("span", "fact", `${ticket.writes} API write${ticket.writes > 1 ? "s" : ""}`));
  for (const tag of ticket.tags) made.push(line("span", "fact tag", tag));
  return made;
}

function talk(ticket) {
  return ticket.comments.map((said) => {
    const kind = said.public ? (said.staff ? "replied" : "wrote again") : "left an internal note";
    const head = line("i", "", ` ${kind} · ${new Date(said.at).toLocaleTimeString()}\n`);
    return line("li", said.public ? "" : "note", line("b", "", said.author), head, said.body);
  });
}

function card(ticket) {
  const key = `${ticket.helpdesk}-${ticket.id}`;
  const known = cards.get(key);
  if (known) return known;
  const root = byId("ticket").content.firstElementChild.cloneNode(true);
  root.id = key;
  const made = { root, part: {}, written: "" };
  for (const element of root.querySelectorAll("[data-part]")) made.part[element.dataset.part] = element;
  const path = `tickets/${ticket.helpdesk}/${ticket.id}`;
  const form = root.querySelector("form");
  const attempt = async (act) => {
    put(made.part.fault, "");
    try { await act(); await refresh(); } catch (fault) { put(made.part.fault, fault.message); }
  };
  root.addEventListener("click", (event) => {
    const wanted = event.target.dataset.do;
    if (wanted === "agent" || wanted === "requester") {
      form.dataset.by = wanted;
      put(made.part.replying, `Reply as ${wanted}`);
      form.elements.body.value = SAMPLE[wanted];
      form.hidden = false;
      form.elements.body.select();
    } else if (wanted === "cancel") {
      form.hidden = true;
    } else if (wanted === "solve") {
      attempt(() => call(`${path}/change`, { status: "solved" }));
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      await call(`${path}/reply`, { by: form.dataset.by, body: form.elements.body.value });
      form.hidden = true;
    });
  });
  cards.set(key, made);
  return made;
}

function draw(ticket) {
  const { root, part } = card(ticket);
  const one = cards.get(root.id);
  const [left, tone] = clock(ticket);
  put(part.left, left);
  part.left.className = tone;
  const age = span(Date.now() - new Date(ticket.created_at));
  const from = [ticket.requester, ticket.organization].filter(Boolean).join(", ");
  put(part.meta, `${ticket.helpdesk === "zendesk" ? "Zendesk" : "Freshdesk"} #${ticket.id} · ${from} · ${age} ago`);
  root.hidden = !(shown === "all" || shown === ticket.helpdesk || (shown === "waiting" && !ticket.answered_at && !done(ticket)));
  const written = JSON.stringify([ticket, ticket.updated_at]);
  if (written === one.written) return root;
  one.written = written;
  root.className = `ticket ${ticket.severity || ""} ${done(ticket) ? "done" : ""} ${location.hash === `#${root.id}` ? "target" : ""}`;
  part.severity.classList.toggle("none", !ticket.severity);
  put(part.severity, ticket.severity || "–");
  part.severity.title = ticket.severity ? "SLA severity" : "No severity written yet";
  put(part.subject, ticket.subject);
  put(part.first, ticket.body.split("\n")[0]);
  put(part.body, ticket.body);
  put(part.deadline, ticket.deadline ? `due ${new Date(ticket.deadline).toLocaleTimeString()}` : "");
  part.facts.replaceChildren(...facts(ticket));
  part.talk.replaceChildren(...talk(ticket));
  const board = document.body.dataset.board;
  part.explain.hidden = !board;
  if (board) part.explain.href = `${board}/tickets/${ticket.helpdesk}/${ticket.id}`;
  for (const button of root.querySelectorAll("footer button")) button.disabled = ticket.status === "closed" || Boolean(ticket.gone);
  return root;
}

async function refresh() {
  const { tickets } = await call(`tickets?limit=${SHOWN}`);
  const list = byId("tickets");
  const roots = tickets.map(draw);
  const present = new Set(roots.map((root) => root.id));
  for (const [key, { root }] of cards) {
    if (!present.has(key)) { root.remove(); cards.delete(key); }
  }
  roots.forEach((root, place) => { if (list.children[place] !== root) list.insertBefore(root, list.children[place] || null); });
  byId("empty").hidden = roots.length > 0;
  put(byId("count-open"), String(tickets.filter((one) => !done(one)).length));
  put(byId("count-answered"), String(tickets.filter((one) => one.answered_at).length));
  put(byId("count-breached"), String(tickets.filter((one) => clock(one)[1] === "bad").length));
}

async function keep() {
  try {
    await refresh();
    if (byId("said").dataset.away) { put(byId("said"), ""); delete byId("said").dataset.away; }
  } catch {
    put(byId("said"), "The sandbox does not answer; trying again.");
    byId("said").dataset.away = "1";
  }
  setTimeout(keep, EVERY_MS);
}

byId("create").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target.elements;
  try {
    const made = await call("tickets", { helpdesk: form.helpdesk.value, requester_name: form.who.value, subject: form.subject.value, body: form.body.value });
    put(byId("said"), `Ticket #${made.id} created on ${form.helpdesk.value}.`);
    form.subject.value = form.body.value = "";
    await refresh();
  } catch (fault) {
    put(byId("said"), fault.message);
  }
});

for (const button of document.querySelectorAll("[data-who]")) {
  button.addEventListener("click", () => {
    const form = byId("create").elements;
    for (const name of ["who", "subject", "body"]) form[name].value = button.dataset[name];
  });
}

for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => {
    shown = button.dataset.show;
    for (const other of document.querySelectorAll("[data-show]")) other.classList.toggle("on", other === button);
    refresh().catch(() => {});
  });
}

addEventListener("hashchange", () => { for (const one of cards.values()) one.written = ""; });
keep().then(() => { if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView(); });
