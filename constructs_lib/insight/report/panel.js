// The side panel: what a node is, where it was made, its definition, and where one goes from it.
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") element.addEventListener("click", value);
    else if (value !== null && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// A path or an ARN may be broken after its separators.
function breakable(text) {
  return text.split(/(?<=[/:])/).flatMap((part) => [part, document.createElement("wbr")]);
}

class Panel {
  constructor({ desk, graphs, onClose, onGo, onFold, onFocus, onPicture }) {
    this.element = document.getElementById("panel");
    this.desk = desk;
    this.graphs = graphs;
    Object.assign(this, { onClose, onGo, onFold, onFocus, onPicture });
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.onClose();
    });
  }

  close() {
    this.element.hidden = true;
    this.desk.classList.remove("with-panel");
    this.element.replaceChildren();
  }

  open(picture, id, facts) {
    const node = picture.nodes.get(id);
    const { rows, tables, code } = node.details;
    const link = (text, onclick) => make("button", { type: "button", class: "link", onclick }, text);
    const ways = (edges, end) =>
      edges.map((edge) =>
        make(
          "li",
          { class: edge.error ? "on-error" : null },
          edge.error ? "on error: " : "",
          link(picture.nodes.get(edge[end]).title, () => this.onGo(edge[end])),
          edge.label ? ` (${edge.label.split("\n").join(" or ")})` : "",
        ),
      );
    const out = ways(picture.graph.edges.filter((edge) => edge.source === id), "target");
    const into = ways(picture.graph.edges.filter((edge) => edge.target === id), "source");
    const other = this.graphs.findIndex((g) => g.key === node.key && g !== picture.graph);
    const section = (title, ...content) => [make("h3", {}, title), ...content];
    this.element.replaceChildren(
      make(
        "header",
        {},
        make("h2", {}, node.title),
        make("button", { type: "button", onclick: this.onClose, "aria-label": "Close details" }, "✕"),
      ),
      make("p", { class: "kind" }, this.#kind(node)),
      make(
        "div",
        { class: "actions" },
        make("button", { type: "button", onclick: () => this.onFocus(id) }, "Show neighbourhood"),
        picture.canFold(id)
          ? make(
              "button",
              { type: "button", onclick: () => this.onFold(id) },
              picture.isFolded(id) ? "Unfold" : "Fold",
            )
          : null,
        other >= 0
          ? make(
              "button",
              { type: "button", onclick: () => this.onPicture(other, node.key) },
              this.graphs[other].kind === "workflow" ? "Open workflow" : "Show on event map",
            )
          : null,
      ),
      ...(facts.length
        ? [make("div", { class: "run-facts" }, ...facts.map((fact) => make("div", {}, fact)))]
        : []),
      make("dl", {}, ...rows.flatMap(([term, text]) => [
        make("dt", {}, term),
        make(
          "dd",
          { class: term === "Construct path" || term === "Made at" ? "mono" : null },
          ...breakable(text),
        ),
      ])),
      ...(out.length ? section("Goes to", make("ul", { class: "ways" }, ...out)) : []),
      ...(into.length ? section("Comes from", make("ul", { class: "ways" }, ...into)) : []),
      ...tables.flatMap((table) => section(table.title, this.#table(table))),
      ...code.flatMap(([title, text]) =>
        section(title, make("pre", { tabindex: "0", "aria-label": title }, text)),
      ),
    );
    this.element.hidden = false;
    this.desk.classList.add("with-panel");
    this.element.scrollTop = 0;
  }

  #kind(node) {
    const same = !node.subtitle || node.subtitle.toLowerCase() === node.kind;
    return `${node.word}${same ? "" : ` · ${node.subtitle}`}${node.error ? " · error path" : ""}`;
  }

  #table({ head, rows }) {
    const cells = (name, texts) => texts.map((text) => make(name, {}, text));
    return make(
      "table",
      {},
      make("thead", {}, make("tr", {}, ...head.map((t) => make("th", { scope: "col" }, t)))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...cells("td", row)))),
    );
  }
}
