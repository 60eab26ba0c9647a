"""The look and the moves of a batch's page. Its data are two lists, `takes` and `grids`, as t2w.batch.report writes them."""

STYLE = """
:root { color-scheme: dark; --page: #14171d; --card: #1c2028; --line: #2c323d; --words: #e8ebf0; --quiet: #969eac; --accent: #ffb224 }
* { box-sizing: border-box }
body { font: 14px/1.45 system-ui, sans-serif; color: var(--words); background: var(--page); margin: 0 }
header { position: sticky; top: 0; z-index: 2; background: var(--page); border-bottom: 1px solid var(--line); padding: .8rem 1.2rem .7rem }
h1 { font-size: 1.1rem; margin: 0; display: inline } h2 { font-size: .95rem; margin: 0 0 .5rem } a { color: var(--accent) }
header p { display: inline; margin: 0 0 0 .8rem; color: var(--quiet) } header a { margin-left: .6rem } code { margin-left: .6rem }
form { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .6rem; align-items: center }
input, select, button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px;
  padding: .25rem .55rem; max-width: 15rem } input { flex: 1 1 14rem; max-width: 24rem } button { cursor: pointer }
button[aria-pressed=true] { border-color: var(--accent); color: var(--accent) } output { color: var(--quiet); margin-left: auto }
main { padding: 1rem 1.2rem 4rem }
.row { display: flex; gap: 12px; overflow-x: auto; padding-bottom: .6rem; margin-bottom: 1rem } .row > article { flex: 0 0 300px }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 12px }
article { background: var(--card); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; contain: content }
article.this { border-color: var(--accent) } article p { margin: 0; padding: .45rem .6rem 0; overflow-wrap: anywhere }
article p:last-child { padding-bottom: .5rem } .quiet { color: var(--quiet); font-size: .86em } .failed { color: #ff8f8f }
.prompt { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden }
.film { display: block; position: relative; width: 100%; padding: 0; border: 0; border-radius: 0; max-width: none; background: #0c0e12 }
.film:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px }
.film img, .film video { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain }
.film span { position: absolute; inset: 0; display: grid; place-items: center; color: var(--quiet) }
dialog { width: min(1500px, 96vw); max-width: none; height: 94vh; max-height: none; color: inherit; background: var(--page);
  border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.2rem } dialog::backdrop { background: #000a }
dialog nav { display: flex; flex-wrap: wrap; gap: .5rem; margin: .7rem 0 } dialog .close { float: right }
dialog .cards { grid-template-columns: repeat(auto-fill, minmax(min(420px, 100%), 1fr)) } dialog .one { width: 100%; max-width: 1100px; max-height: 62vh }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; color: var(--quiet) } dd { margin: 0; overflow-wrap: anywhere }
"""
BODY = """
<header><h1>{title}</h1><p>{counts}</p>
<form id="filters"><input id="search" type="search" placeholder="search words, scripts, seeds" aria-label="search"></form></header>
<main><noscript>This page shows its takes with a script of its own; results.jsonl has them too.</noscript>
<section id="films" hidden><h2>One start, many ways</h2><div class="row"></div></section>
<div class="cards" id="cards"></div><p id="more" class="quiet"></p></main><dialog id="dialog"></dialog>
"""
SCRIPT = """
"use strict";
const AT_ONCE = 60, MOST_BESIDE = 24;
const $ = id => document.getElementById(id);
const read = id => JSON.parse($(id).textContent);
const make = (tag, with_ = {}, ...inside) => { const node = Object.assign(document.createElement(tag), with_); node.append(...inside); return node; };
const takes = read("takes"), grids = read("grids");
const name = take => take.acts + (take.take_seed ? `, seed ${take.take_seed}` : "");
const FILTERS = {prompt: "prompts", painter: "painters", painting: "ways to paint", world: "worlds", acts: "scripts", status: "states"};
// What two takes can differ in; a start seed is that of the picked candidate.
const AXES = {acts: "script", take_seed: "take seed", start: "start", world: "world", painter: "painter", painting: "painting", prompt: "prompt",
  seconds: "length"};
const watch = new IntersectionObserver(seen => { if (seen.at(-1).isIntersecting && shown < found.length) more(); }, {rootMargin: "800px"});
let ends = false, found = takes, shown = 0;

function film(take, playing = false) {
  const box = make("button", {className: "film", type: "button", title: take.prompt});
  const [width, height] = take.size || [5, 3];
  box.style.aspectRatio = `${width} / ${height}`;
  const poster = ends && take.end || take.poster;
  if (poster) box.append(make("img", {src: poster, loading: "lazy", decoding: "async", alt: take.prompt}));
  else box.append(make("span", {textContent: take.status}));
  if (take.status && take.status !== "done") return box;
  const play = () => {
    if (box.querySelector("video")) return;
    const video = make("video", {muted: true, loop: true, playsInline: true, preload: "none", src: encodeURI(take.film)});
    box.append(video);
    video.play().catch(() => {});  // left before it began
  };
  const stop = () => { const video = box.querySelector("video"); if (video) { video.pause(); video.removeAttribute("src"); video.load(); video.remove(); } };
  if (playing) { play(); return box; }
  box.onpointerenter = play;
  box.onfocus = () => { if (box.matches(":focus-visible")) play(); };
  box.onpointerleave = box.onblur = stop;
  return box;
}

function card(take, words, playing) {
  const node = make("article", {}, film(take, playing));
  node.append(make("p", {className: "prompt", textContent: words || take.prompt}));
  if (!words) node.append(make("p", {className: "quiet", textContent: `${name(take)} · ${take.world} ·${take.painting ? ` ${take.painting} ·` : ""} start ${take.start ?? "not picked"} · ${+take.seconds.toFixed(1)}\u00a0s`}));
  if (take.error) node.append(make("p", {className: "quiet failed", textContent: take.error}));
  else if (take.status !== "done" && !words) node.append(make("p", {className: "quiet", textContent: take.status}));
  node.firstChild.onclick = () => open_(take);
  return node;
}

function more() {
  const next = found.slice(shown, shown + AT_ONCE);
  $("cards").append(...next.map(take => card(take)));
  shown += next.length;
  $("more").textContent = shown < found.length ? "more …" : found.length ? "" : "no take is like this";
  watch.unobserve($("more"));  // watched anew, it tells again whether there is room for more
  watch.observe($("more"));
}

function filter() {
  const words = $("search").value.toLowerCase().split(/\\s+/).filter(Boolean);
  const wanted = Object.keys(FILTERS).filter(field => $(field)?.value);
  found = takes.filter(take => wanted.every(field => String(take[field]) === $(field).value) && words.every(word => text(take).includes(word)));
  const order = $("order")?.value;
  if (order) found.sort((a, b) => (a[order] ?? Infinity) - (b[order] ?? Infinity));
  shown = 0;
  $("cards").replaceChildren();
  $("count").textContent = found.length === takes.length ? `${takes.length} takes` : `${found.length} of ${takes.length} takes`;
  more();
}

const texts = new Map();
function text(take) {
  if (!texts.has(take)) texts.set(take, [take.prompt, take.acts, take.world, take.painter, take.painting, take.status, take.error, take.folder, take.recipe,
    `seed ${take.seed}`, `start ${take.start}`, `seed ${take.take_seed}`].join(" ").toLowerCase());
  return texts.get(take);
}

function beside(take, axis) {
  const follows = {acts: "seconds"}[axis];  // a film is as long as its script
  const others = Object.keys(AXES).filter(other => other !== axis && other !== follows);
  return takes.filter(other => other !== take && other.status === "done" && other[axis] !== take[axis]
    && others.every(field => other[field] === take[field]));
}

function open_(take) {
  const axes = Object.keys(AXES).map(axis => [axis, beside(take, axis)]).filter(([, others]) => others.length);
  const place = make("div"), nav = make("nav");
  const alone = () => {
    const video = make("video", {controls: true, loop: true, muted: true, autoplay: true, className: "one", src: encodeURI(take.film)});
    place.replaceChildren(...take.status === "done" ? [video] : take.sheet && take.status === "waiting" ? [make("img", {src: encodeURI(take.sheet), style: "max-width: 100%"})] : [], facts(take));
  };
  const compare = (axis, others) => {
    const said = one => `${AXES[axis]} ${one[axis] ?? "none"}`;
    const all = [take, ...others.slice(0, MOST_BESIDE - 1)].map(one => card(one, said(one), true));
    all[0].classList.add("this");
    place.replaceChildren(make("div", {className: "cards"}, ...all));
    if (others.length >= MOST_BESIDE) place.append(make("p", {className: "quiet", textContent: `and ${others.length + 1 - MOST_BESIDE} more`}));
  };
  const tab = (words, show) => nav.append(make("button", {type: "button", textContent: words, onclick: event => {
    for (const other of nav.children) other.ariaPressed = String(other === event.target);
    show();
  }}));
  tab("this take", alone);
  for (const [axis, others] of axes) tab(`beside ${others.length} of another ${AXES[axis]}`, () => compare(axis, others));
  const close = make("button", {className: "close", type: "button", textContent: "close", onclick: () => $("dialog").close()});
  $("dialog").replaceChildren(close, make("h2", {textContent: take.prompt}), nav, place);
  if (!$("dialog").open) $("dialog").showModal();
  nav.firstChild.click();
}

function facts(take) {
  const kept = take.kept == null ? null : `${Math.round(take.kept * 100)} % of its sharpness at the end`;
  const rows = {failed: take.error, script: take.actions, policy: take.policy, world: take.world, painter: take.painter, painting: take.painting,
    seeds: take.take_seed === undefined ? null : `candidates from ${take.seed}, ${take.pick ? `candidate ${take.pick} of ${take.candidates}` : "none picked"}, take ${take.take_seed}`,
    length: take.frames && `${take.seconds} s, ${take.frames} frames at ${take.fps} a second`, keeps: kept, work: take.took && `${take.took.toFixed(1)} s`,
    device: take.device, recipe: take.recipe};
  const list = make("dl");
  for (const [key, value] of Object.entries(rows)) if (value) list.append(make("dt", {textContent: key}), make("dd", {textContent: value}));
  const files = {film: take.film, manifest: take.take && `${take.take}/take.json`, actions: take.take && `${take.take}/actions.jsonl`, candidates: take.sheet};
  const links = make("dd");
  for (const [key, path] of Object.entries(files)) if (path && (take.status !== "failed")) links.append(make("a", {href: encodeURI(path), textContent: key}), " ");
  list.append(make("dt", {textContent: "files"}), links);
  return list;
}

function choices(field, words) {
  const values = [...new Set(takes.map(take => String(take[field])))].sort();
  if (values.length < 2) return;
  const options = values.map(value => make("option", {value, textContent: value.slice(0, 70)}));
  $("filters").append(make("select", {id: field, ariaLabel: words, onchange: filter}, make("option", {value: "", textContent: `all ${words}`}), ...options));
}

Object.entries(FILTERS).forEach(([field, words]) => choices(field, words));
if (takes.some(take => take.kept != null)) $("filters").append(make("select", {id: "order", ariaLabel: "order", onchange: filter},
  make("option", {value: "", textContent: "as planned"}), make("option", {value: "kept", textContent: "those that blur first"})));
$("filters").append(make("button", {type: "button", textContent: "show ends", ariaPressed: "false", onclick: event => {
  ends = !ends;
  event.target.ariaPressed = String(ends);
  filter();
}}), make("output", {id: "count"}));
$("filters").onsubmit = event => event.preventDefault();
$("search").oninput = filter;
$("dialog").onclick = event => { if (event.target === $("dialog")) $("dialog").close(); };
$("dialog").onclose = () => $("dialog").replaceChildren();  // its films stop
$("films").hidden = !grids.length;
$("films").querySelector("div").append(...grids.map(grid => card(grid, `${grid.prompt}: ${grid.acts.length} ways`)));
filter();
"""
