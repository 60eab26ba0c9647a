"""The look and the moves of the page on which an artist picks. Its data are one list, `worlds`, as t2w.batch.picks writes it."""

STYLE = """
:root { color-scheme: dark; --page: #14171d; --card: #1c2028; --line: #2c323d; --words: #e8ebf0; --quiet: #969eac; --accent: #ffb224 }
* { box-sizing: border-box }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--words); background: var(--page); margin: 0; padding: 1rem 1.4rem 3rem }
h1 { font-size: 1.1rem; margin: 0 } h2 { font-size: 1.25rem; margin: .8rem 0 .6rem } p { margin: .3rem 0; color: var(--quiet) }
kbd { border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; padding: 0 .35rem; font: inherit; color: var(--words) }
#sheet { display: grid; gap: 12px }
button { font: inherit; color: inherit; background: var(--card); border: 2px solid var(--line); border-radius: 8px; padding: .3rem .8rem;
  cursor: pointer } button.picked { border-color: var(--accent) }
#sheet button { padding: 0; overflow: hidden; position: relative } #sheet img { display: block; width: 100%; max-height: 62vh; object-fit: contain }
#sheet b { position: absolute; left: 10px; top: 10px; min-width: 1.8em; padding: .1em .5em; border-radius: 1em; background: #000a }
#sheet .picked b { background: var(--accent); color: #14171d }
#steps { display: flex; flex-wrap: wrap; gap: 4px; margin: 1rem 0 } #steps button { padding: 0 .45rem; border-width: 1px; min-width: 2rem }
#steps .here { outline: 2px solid var(--words) } textarea { width: 100%; height: 9rem; font: 13px/1.4 monospace; color: inherit;
  background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .5rem } code { color: var(--words) }
"""
BODY = """
<h1>{title}</h1><p><kbd>1</kbd> … <kbd>9</kbd> pick and go on, <kbd>←</kbd> <kbd>→</kbd> walk, <kbd>0</kbd> takes a pick back; a click picks too</p>
<h2 id="prompt"></h2><div id="sheet"></div><div id="steps"></div>
<p id="count"></p><p><button id="save" type="button">save {file}</button> <button id="copy" type="button">copy it</button></p>
<textarea id="picks" readonly spellcheck="false" aria-label="{file}"></textarea>
<p>Then, where {file} was saved: <code>{command}</code> and <code>{after}</code></p>
"""
SCRIPT = """
"use strict";
const $ = id => document.getElementById(id);
const make = (tag, with_ = {}, ...inside) => { const node = Object.assign(document.createElement(tag), with_); node.append(...inside); return node; };
const worlds = JSON.parse($("worlds").textContent), KEY = "picks of " + location.pathname;
let here = 0;

// A page that is closed by mistake loses nothing, where the browser lets a file keep anything.
let kept = {};
try { kept = JSON.parse(localStorage.getItem(KEY) || "{}"); } catch { kept = {}; }
for (const world of worlds) if (kept[world.name] >= 1 && kept[world.name] <= world.frames.length) world.pick = kept[world.name];

function keep() {
  try { localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(worlds.filter(world => world.pick).map(world => [world.name, world.pick])))); } catch { return; }
}

function show() {
  const world = worlds[here], across = Math.ceil(Math.sqrt(world.frames.length));
  $("prompt").textContent = `${here + 1}/${worlds.length}  ${world.prompt}`;
  $("sheet").style.gridTemplateColumns = `repeat(${across}, 1fr)`;
  $("sheet").replaceChildren(...world.frames.map((path, i) => make("button", {type: "button", className: world.pick === i + 1 ? "picked" : "",
    onclick: () => pick(i + 1)}, make("img", {src: encodeURI(path), alt: `candidate ${i + 1}`}), make("b", {textContent: i + 1}))));
  for (const path of worlds[here + 1]?.frames ?? []) new Image().src = encodeURI(path);  // there when they are wanted
  $("steps").replaceChildren(...worlds.map((one, i) => make("button", {type: "button", title: one.prompt, textContent: one.pick ?? "·",
    className: (one.pick ? "picked" : "") + (i === here ? " here" : ""), onclick: () => go(i)})));
  const done = worlds.filter(one => one.pick);
  $("picks").value = done.map(one => `${one.name} ${one.pick}\\n`).join("");
  $("count").textContent = `${done.length} of ${worlds.length} picked`;
}

function go(i) { here = Math.min(Math.max(i, 0), worlds.length - 1); show(); }
function pick(k) { worlds[here].pick = k; keep(); go(k ? here + 1 : here); }

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const k = Number(event.key);
  if (/^[1-9]$/.test(event.key) && k <= worlds[here].frames.length) pick(k);
  else if (event.key === "0" || event.key === "Backspace") pick(null);
  else if (event.key === "ArrowRight") go(here + 1);
  else if (event.key === "ArrowLeft") go(here - 1);
});
$("save").onclick = () => {
  const url = URL.createObjectURL(new Blob([$("picks").value], {type: "text/plain"}));
  make("a", {href: url, download: $("picks").ariaLabel}).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
};
$("copy").onclick = () => { $("picks").select(); document.execCommand("copy"); };
go(Math.max(0, worlds.findIndex(world => !world.pick)));
"""
