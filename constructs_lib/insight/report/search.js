// The search: nodes of all pictures, by what is written on them.
const MOST_HITS = 40;

class Search {
  #entries;
  #hits = [];
  #active = -1;

  // `shown` tells the picture whose nodes come first.
  constructor(graphs, { shown, onFound, onChoose }) {
    this.box = document.getElementById("search");
    this.list = document.getElementById("found");
    this.graphs = graphs;
    Object.assign(this, { shown, onFound, onChoose });
    this.#entries = graphs.flatMap((graph, number) =>
      graph.nodes
        .filter((node) => !["join", "start", "end"].includes(node.kind))
        .map((node) => ({
          number,
          node,
          title: node.title.toLowerCase(),
          text: `${node.title} ${node.word} ${node.subtitle} ${node.key ?? ""}`.toLowerCase(),
        })),
    );
    this.box.addEventListener("input", () => this.#lookUp());
    this.box.addEventListener("focus", () => this.box.value && this.#lookUp());
    this.box.addEventListener("blur", () => setTimeout(() => this.#open(false), 150));
    this.box.addEventListener("keydown", (event) => this.#onKey(event));
  }

  #lookUp() {
    const words = this.box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = this.#entries.filter(({ text }) => words.every((word) => text.includes(word)));
    const shown = this.shown();
    const rank = (entry) =>
      (entry.title.startsWith(words[0]) ? 0 : entry.title.includes(words[0]) ? 1 : 2) +
      (entry.number === shown ? 0 : 0.5);
    this.#hits = words.length ? matches.sort((a, b) => rank(a) - rank(b)) : [];
    this.list.replaceChildren(...this.#options(words.length > 0));
    this.#open(words.length > 0);
    if (this.#hits.length) this.#activate(0);
    this.onFound(this.#hits);
    if (words.length) say(`${this.#hits.length} found`);
  }

  #options(isAsked) {
    const options = this.#hits.slice(0, MOST_HITS).map(({ number, node }, n) => {
      const subtitle = node.subtitle ? ` · ${node.subtitle}` : "";
      return make(
        "li",
        { role: "option", id: `hit-${n}`, "aria-selected": "false", onclick: () => this.#choose(n) },
        make("b", {}, node.title),
        make("small", {}, `${node.word} in ${this.graphs[number].title}${subtitle}`),
      );
    });
    const remark = (text) =>
      make("li", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, text);
    if (isAsked && !options.length) options.push(remark("Nothing of that name"));
    if (this.#hits.length > MOST_HITS) {
      options.push(remark(`${this.#hits.length - MOST_HITS} more: type on`));
    }
    return options;
  }

  #open(isOpen) {
    this.list.hidden = !isOpen;
    this.box.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) this.box.removeAttribute("aria-activedescendant");
  }

  #activate(n) {
    this.list.querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
    this.#active = n;
    const option = document.getElementById(`hit-${n}`);
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", option.id);
  }

  #choose(n) {
    const hit = this.#hits[n];
    if (!hit) return;
    this.#open(false);
    this.onChoose(hit);
  }

  #onKey(event) {
    const count = Math.min(this.#hits.length, MOST_HITS);
    if (event.key === "ArrowDown" && count) this.#activate((this.#active + 1) % count);
    else if (event.key === "ArrowUp" && count) this.#activate((this.#active + count - 1) % count);
    else if (event.key === "Enter") this.#choose(this.#active);
    else if (event.key === "Escape") {
      this.box.value = "";
      this.#lookUp();
    } else return;
    event.preventDefault();
  }
}
