// The report as a whole: which picture is shown, and what the panel, runs and search do to it.
const data = JSON.parse(document.getElementById("data").textContent);
const root = document.documentElement;
const desk = document.querySelector(".desk");
const sections = [...document.querySelectorAll(".view")];
const pictures = new Map();
const NARROW = matchMedia("(max-width: 900px)");
let shown = -1;
let opened = null;

function say(text) {
  document.getElementById("said").textContent = text;
}

// A picture comes to life when it is first looked at.
function pictureOf(number) {
  if (!pictures.has(number) && sections[number].querySelector("svg.picture")) {
    const made = new Picture(data.graphs[number], sections[number], {
      onOpen: (id, how) => (id === null ? closePanel() : openPanel(id, how)),
      onChange: (picture) => {
        tell(number, picture);
        runs.show(picture, number);
      },
    });
    pictures.set(number, made);
    tell(number, made);
  }
  return pictures.get(number) ?? null;
}

function show(number) {
  if (!sections[number]) return null;
  const isFirst = shown < 0;
  if (number !== shown) {
    closePanel();
    shown = number;
    sections.forEach((section, n) => (section.hidden = n !== number));
    for (const link of document.querySelectorAll(".pictures a")) {
      const current = link.getAttribute("href") === `#${sections[number].id}`;
      if (current) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }
  // Where the pictures stand below their list.
  if (!isFirst && NARROW.matches) sections[number].scrollIntoView();
  const picture = pictureOf(number);
  if (picture) {
    runs.show(picture, number);
    if (!picture.camera.framed) picture.frame();
  }
  return picture;
}

function tell(number, picture) {
  const section = sections[number];
  const focused = section.querySelector(".focused");
  const { focus, folded, withErrors } = picture.part;
  focused.hidden = focus === null;
  if (focus) {
    const { node, depth } = focus;
    const steps = `${depth} ${depth === 1 ? "step" : "steps"} around`;
    focused.querySelector(".focus-text").textContent = `${steps} ${picture.nodes.get(node).title}`;
  }
  section.querySelector('[data-do="errors"]')?.setAttribute("aria-pressed", String(withErrors));
  const fold = section.querySelector('[data-do="fold"]');
  const all = picture.graph.groups.every((group) => folded.has(group.id));
  fold?.setAttribute("aria-pressed", String(all));
  const size = `${picture.shown.size} of ${picture.nodes.size} nodes shown`;
  say(size);
  const part = section.querySelector(".part-shown");
  if (part) part.textContent = partInWords(picture, size);
}

// Of a picture that is missing as a whole: which part there is.
function partInWords(picture, size) {
  if (picture.shown.size) return ` Below is a part of it: ${size}.`;
  return picture.part.focus?.depth ? " What is asked for has too many edges: go fewer steps." : "";
}

// -- The side panel --------------------------------------------------------------------------------

const panel = new Panel({
  desk,
  graphs: data.graphs,
  onClose: () => {
    const { id, byKey } = opened ?? {};
    closePanel();
    if (byKey) pictures.get(shown)?.goTo(id);
  },
  onGo: (id) => go(shown, id),
  onFold: (id) => pictures.get(shown).fold(id).then(() => openPanel(id, opened)),
  onFocus: (id) => pictures.get(shown).focusOn(id, 1),
  onPicture: (number, key) => {
    show(number);
    const node = data.graphs[number].nodes.find((each) => each.key === key);
    if (data.graphs[number].kind === "event-map" && node) go(number, node.id);
    history.replaceState(null, "", `#view-${number}`);
  },
});

function openPanel(id, how = {}) {
  const picture = pictures.get(shown);
  opened = { id, byKey: Boolean(how?.byKey) };
  picture.select(id);
  panel.open(picture, id, runs.facts(shown, id));
  picture.camera.covered = covered(picture.svg);
  picture.show(id);
  if (opened.byKey) panel.element.focus();
}

function closePanel() {
  opened = null;
  panel.close();
  const picture = pictures.get(shown);
  picture?.select(null);
  if (picture) picture.camera.covered = 0;
}

// How much of a picture's lower end the panel lies over: on narrow windows it is a sheet.
function covered(svg) {
  const { left, right, bottom } = svg.getBoundingClientRect();
  const sheet = panel.element.getBoundingClientRect();
  const isOver = sheet.left < right && sheet.right > left;
  return isOver ? Math.min(Math.max(bottom - sheet.top, 0), svg.clientHeight / 2) : 0;
}

async function go(number, id) {
  const picture = show(number);
  if (!picture) return;
  await picture.reveal(id);
  openPanel(id);
  // The panel has made the picture narrower.
  if (picture.part.focus) picture.frame();
  else picture.show(picture.standIn(id), { middle: true });
  picture.goTo(picture.standIn(id));
}

// -- Runs ------------------------------------------------------------------------------------------

const runs = new Runs(data.run, data.graphs, {
  onChoose: (choice) => {
    runs.chosen = choice;
    runs.mark();
    closePanel();
    show(choice ? choice.graph : shown);
    if (!choice) return;
    history.replaceState(null, "", `#view-${choice.graph}`);
    const picture = pictures.get(choice.graph);
    picture.frameNodes(Object.keys(choice.nodes));
    const count = Object.keys(choice.nodes).length;
    say(`${choice.type ?? choice.id} is laid over the picture: ${count} nodes taken`);
  },
});
runs.onGo = (picture, id) => go(shown, id);

// -- The search ------------------------------------------------------------------------------------

const search = new Search(data.graphs, {
  shown: () => shown,
  onFound: (hits) => {
    for (const node of document.querySelectorAll(".node.hit")) node.classList.remove("hit");
    for (const { number, node } of hits) {
      pictures.get(number)?.elements.node.get(node.id)?.classList.add("hit");
    }
  },
  onChoose: ({ number, node }) => {
    go(number, node.id);
    history.replaceState(null, "", `#view-${number}`);
  },
});

// -- Theme and tools -------------------------------------------------------------------------------

const themeButton = document.getElementById("theme");
const THEMES = ["system", "light", "dark"];

function setTheme(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  themeButton.textContent = `Theme: ${theme}`;
  try {
    localStorage.setItem("duet-theme", theme);
  } catch {
    // Browsers may refuse storage to files.
  }
}

themeButton.addEventListener("click", () => {
  const now = root.dataset.theme ?? "system";
  setTheme(THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
});

const TOOLS = {
  in: (picture) => picture.camera.zoom(1.25),
  out: (picture) => picture.camera.zoom(0.8),
  fit: (picture) => picture.frame({ whole: true }),
  fold: (picture) => picture.foldAll(picture.graph.groups.some((g) => !picture.part.folded.has(g.id))),
  errors: (picture) => picture.showErrors(!picture.part.withErrors),
  all: (picture) => picture.focusOn(null),
  widen: (picture, { focus }) => picture.focusOn(focus.node, focus.depth + 1),
  narrow: (picture, { focus }) => picture.focusOn(focus.node, Math.max(focus.depth - 1, 0)),
};
document.addEventListener("click", (event) => {
  const tool = event.target.closest("[data-do]")?.dataset.do;
  const picture = pictures.get(shown);
  if (tool && picture) TOOLS[tool](picture, picture.part);
  const node = event.target.closest("[data-node]")?.dataset.node;
  if (node) go(shown, node);
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    search.box.focus();
  } else if (event.key === "Escape" && opened && !typing) panel.onClose();
});

addEventListener("hashchange", () => {
  const number = sections.findIndex((section) => `#${section.id}` === location.hash);
  if (number >= 0) show(number);
});

// On paper stands the whole picture, whatever part of it was looked at.
addEventListener("beforeprint", () => pictures.get(shown)?.unfurl());
addEventListener("afterprint", () => pictures.get(shown)?.furl());

root.classList.add("live");
for (const element of [themeButton, document.querySelector(".search"), ...document.querySelectorAll(".tools")]) {
  element.hidden = false;
}
try {
  setTheme(localStorage.getItem("duet-theme") ?? "system");
} catch {
  setTheme("system");
}
const first = sections.findIndex((section) => `#${section.id}` === location.hash);
const start = show(Math.max(first, 0));
// Hundreds of rules are looked at bus by bus.
if (start && start.nodes.size > MANY) start.foldAll(true);
