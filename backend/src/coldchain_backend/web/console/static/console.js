// The page's own behaviour: keep it live, and never let old data look like the present.
"use strict";

const HEARD_WITHIN_MS = 15000; // the server says something every 5 s
const REFRESH_NO_SOONER_MS = 1000;

const texts = document.querySelector(".notice .wrap");
const regions = [...document.querySelectorAll("[data-fragment]")];
let serverAhead = Number(document.body.dataset.now) - Date.now();
let heardAt = Date.now();
let cut = false;

const serverNow = () => Date.now() + serverAhead;

function setCut(now) {
  if (now === cut) return;
  cut = now;
  document.body.classList.toggle("is-cut", cut);
  if (cut && texts) {
    const when = new Date(heardAt).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    texts.textContent = texts.dataset.cutText.replace("{when}", when);
  }
}

// Ages and "unknown since" by this page's own clock: also right after the laptop slept.
function tick() {
  const now = serverNow();
  setCut(Date.now() - heardAt > HEARD_WITHIN_MS);
  for (const point of document.querySelectorAll("[data-stale-at]")) {
    point.classList.toggle("is-old", now >= Number(point.dataset.staleAt));
  }
  for (const zone of document.querySelectorAll(".zone")) {
    const points = [...zone.querySelectorAll("[data-stale-at]")];
    const old = points.some((point) => point.classList.contains("is-old") && !point.matches(".point-unknown, .is-unknown"));
    const loud = points.some((point) => point.matches(".point-alarm, .point-warning, .point-pending"));
    zone.classList.toggle("is-old", old && !loud);
  }
  for (const age of document.querySelectorAll("[data-time]")) {
    age.textContent = ageText(now - Number(age.dataset.time));
  }
}

const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always", style: "short" });

function ageText(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return relative.format(-seconds, "second");
  if (seconds < 7200) return relative.format(-Math.floor(seconds / 60), "minute");
  if (seconds < 172800) return relative.format(-Math.floor(seconds / 3600), "hour");
  return relative.format(-Math.floor(seconds / 86400), "day");
}

function setOpenCount(count) {
  const badge = document.getElementById("badge");
  if (!badge) return;
  badge.textContent = count;
  badge.hidden = count === "0";
  document.title = (count === "0" ? "" : `(${count}) `) + document.body.dataset.title;
}

// A region is left alone while somebody types in it.
const isBusy = (region) => region.querySelector("details[open] input, .ack input:focus, details[open] table") !== null;

async function refresh(region) {
  if (isBusy(region)) return;
  const answer = await fetch(region.dataset.fragment, { headers: { Accept: "text/html" } });
  if (answer.status === 401) return void location.assign("/login");
  if (!answer.ok || isBusy(region)) return;
  const focused = document.activeElement;
  const path = focused && region.contains(focused) ? focused.getAttribute("href") : null;
  region.innerHTML = await answer.text();
  if (path) region.querySelector(`[href="${CSS.escape(path)}"]`)?.focus({ preventScroll: true });
  const made = region.firstElementChild?.dataset;
  if (made?.now) serverAhead = Math.min(Number(made.now) - Date.now(), serverAhead + 50);
  if (made?.open) setOpenCount(made.open);
  tick();
}

const waiting = new Map();

function soon(region) {
  if (waiting.has(region)) return;
  waiting.set(region, setTimeout(async () => {
    try {
      await refresh(region);
    } catch {
      // The stream tells by its silence that the server is gone; the next event brings the region up to date.
    } finally {
      waiting.delete(region);
    }
  }, REFRESH_NO_SOONER_MS));
}

function heard(event) {
  heardAt = Date.now();
  if (event.data) {
    const now = Number(JSON.parse(event.data).now_ms);
    if (now) serverAhead = now - Date.now();
  }
  tick();
}

function listen() {
  const stream = new EventSource("/api/v1/live");
  // The server begins each stream with a board event. What changed between the making of the page and that
  // event was told to nobody, so everything is brought up to date once.
  let opened = false;
  stream.addEventListener("open", () => {
    heardAt = Date.now();
    opened = true;
    tick();
  });
  stream.addEventListener("alive", heard);
  for (const kind of ["board", "alert"]) {
    stream.addEventListener(kind, (event) => {
      heard(event);
      for (const region of regions) if (opened || region.dataset.events.split(" ").includes(kind)) soon(region);
      opened = false;
      if (kind === "alert") announce(JSON.parse(event.data));
    });
  }
  // A stream that ended for good (signed out, restarted) is opened again by hand.
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  });
}

function announce(alert) {
  const line = document.getElementById("announce");
  if (line && alert.text) line.textContent = alert.text;
  if (alert.open_count !== undefined) setOpenCount(String(alert.open_count));
}

// The token stands behind "#" in a login link: it is never sent with a request for the page, nor logged.
async function signIn(token) {
  const box = document.querySelector("[data-login]");
  const message = document.getElementById("login-message");
  message.textContent = box.dataset.busy;
  const answer = await fetch("/api/v1/session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (answer.ok) return void location.replace("/");
  message.textContent = answer.status === 429 ? box.dataset.wait : box.dataset.failed;
}

function login() {
  const form = document.getElementById("login");
  const given = decodeURIComponent(location.hash.slice(1));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    signIn(form.elements.token.value.trim());
  });
  if (given) {
    history.replaceState(null, "", location.pathname);
    signIn(given);
  }
}

// One tick for all of a page; without scripts there is none.
for (const all of document.querySelectorAll("[data-all]")) {
  const form = all.closest("form");
  all.closest("label").hidden = false;
  all.addEventListener("change", () => {
    for (const one of form.querySelectorAll(`input[name="${all.dataset.all}"]`)) one.checked = all.checked;
  });
}

if (document.getElementById("login")) {
  login();
} else if (document.getElementById("live")) {
  listen();
  tick();
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);
}
