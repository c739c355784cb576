// A run over the pictures: lists to choose from, the path taken, badges, and a timeline.
function duration(ms) {
  if (ms < 0.05) return "< 0.1 ms";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60000 ? `${(ms / 1000).toFixed(2)} s` : `${(ms / 60000).toFixed(1)} min`;
}

const bytes = (count) => (count < 1024 ? `${count} B` : `${(count / 1024).toFixed(1)} KB`);

const retriesInWords = (count) => `${count} ${count === 1 ? "retry" : "retries"}`;

// Fewer executions and events than these need no filter.
const FEW = 8;

class Runs {
  constructor(run, graphs, { onChoose }) {
    this.run = run;
    this.graphs = graphs;
    this.onChoose = onChoose;
    this.chosen = null;
    this.buttons = new Map();
    if (!run) return;
    document.getElementById("filter").addEventListener("input", () => this.#list());
    this.#list();
  }

  // The lists of executions and events, of those that match the filter.
  #list() {
    const filter = document.getElementById("filter");
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = (choice) => words.every((word) => this.#text(choice).includes(word));
    const filtered = words.length > 0;
    const { executions, events } = this.run;
    const sections = [];
    const add = (title, all, open) => {
      const found = all.filter(matches);
      const count = filtered ? `${found.length} of ${all.length}` : all.length;
      if (found.length) sections.push(this.#section(`${title} (${count})`, found, open || filtered));
      return found.length;
    };
    this.buttons.clear();
    let count = 0;
    this.graphs.forEach((graph, number) => {
      count += add(graph.title, executions.filter((each) => each.graph === number), true);
    });
    count += add("Events", events, false);
    const all = executions.length + events.length;
    if (!all) sections.push(make("p", { class: "hint" }, "Nothing was recorded."));
    document.getElementById("run-lists").replaceChildren(...sections);
    document.getElementById("filtered").textContent = filtered ? `${count} of ${all}` : "";
    if (filtered) say(`${count} of ${all} executions and events`);
    filter.parentElement.hidden = all < FEW;
    this.mark();
  }

  // All that the filter looks at.
  #text(choice) {
    const test = this.run.tests[choice.test];
    const parts = [choice.id, choice.type, choice.source, choice.status, choice.open, choice.error];
    return [...parts, choice.replay, choice.failed && "failed", test?.id, test?.name]
      .filter(Boolean)
      .join(" ")
      .toLowerCase();
  }

  // A long list is opened in parts: a run may have thousands of events.
  #section(title, choices, open) {
    const list = make("ul");
    const part = 60;
    const more = (from) => {
      for (const choice of choices.slice(from, from + part)) list.append(this.#choice(choice));
      if (choices.length <= from + part) return;
      const rest = make("li");
      const text = `${choices.length - from - part} more`;
      const onclick = () => {
        rest.remove();
        more(from + part);
        this.mark();
      };
      rest.append(make("button", { type: "button", onclick }, text));
      list.append(rest);
    };
    more(0);
    return make("details", { class: "runlist", open: open ? "" : null }, make("summary", {}, title), list);
  }

  #choice(choice) {
    const bad = choice.type ? choice.failed : choice.status !== "SUCCEEDED" && !choice.open;
    const sign = choice.open ? "…" : bad ? "✕" : "✓";
    const words = choice.type
      ? `${choice.at}, ${choice.source}${choice.replay ? ", replayed" : ""}`
      : `${this.#ending(choice)}${choice.open ? "" : `, ${duration(choice.ms)}`}`;
    const test = this.run.tests[choice.test];
    const onclick = () => this.onChoose(this.chosen === choice ? null : choice);
    const button = make(
      "button",
      { type: "button", "aria-pressed": "false", onclick },
      make("span", { class: "status", "aria-hidden": "true" }, sign),
      choice.type ?? choice.id,
      make("small", {}, words),
      test ? make("small", { title: test.id }, test.name) : "",
    );
    this.buttons.set(choice, button);
    return make("li", { class: choice.open ? "open" : bad ? "bad" : "ok" }, button);
  }

  // How an execution ended, in words.
  #ending({ open, status, error }) {
    return open || `${status.toLowerCase().replace("_", " ")}${error ? `: ${error}` : ""}`;
  }

  mark() {
    for (const [choice, button] of this.buttons) {
      button.setAttribute("aria-pressed", String(choice === this.chosen));
    }
  }

  // Lay the chosen run over a picture, or take the former one off.
  show(picture, number) {
    const { section, elements } = picture;
    const here = this.chosen?.graph === number ? this.chosen : null;
    section.classList.toggle("with-run", Boolean(here));
    for (const element of section.querySelectorAll(".taken, .failed")) {
      element.classList.remove("taken", "failed");
    }
    for (const badge of section.querySelectorAll(".badge")) {
      const { id } = badge.closest(".node").dataset;
      badge.remove();
      picture.name(id);
    }
    section.querySelector(".l-run")?.toggleAttribute("hidden", !here);
    const timeline = section.querySelector(".timeline");
    if (timeline) timeline.hidden = !here;
    if (!here) return;
    for (const [id, mark] of Object.entries(here.nodes)) {
      const shown = picture.standIn(id);
      const element = elements.node.get(shown);
      element.classList.add("taken");
      if (mark.error) element.classList.add("failed");
      const text = this.#badge(mark, here);
      if (text && shown === id) this.#pin(element, text, Boolean(mark.error));
      picture.name(shown);
    }
    for (const id of here.edges) elements.edge.get(id)?.classList.add("taken");
    if (here.type) this.#journey(timeline, here);
    else this.#gantt(timeline, here, picture);
  }

  #badge(mark, execution) {
    if (mark.text) return mark.text;
    if (!mark.times) return "";
    const parts = [mark.open ? this.#notLeft(execution) : duration(mark.ms)];
    if (mark.times > 1) parts.push(`${mark.times} times`);
    if (mark.retries) parts.push(retriesInWords(mark.retries));
    return parts.join(" · ");
  }

  #pin(element, text, failed) {
    const width = text.length * 7.2 + 14;
    const badge = draw("g", { class: failed ? "badge failed" : "badge", transform: "translate(10 -9)" });
    const label = draw("text", { x: 7, y: 12 });
    label.textContent = text;
    badge.append(draw("rect", { width, height: 17, rx: 8.5 }), label);
    element.append(badge);
  }

  // What the chosen run did at a node, for the side panel.
  facts(number, id) {
    const here = this.chosen?.graph === number ? this.chosen : null;
    if (!here) return [];
    const mark = here.nodes[id];
    const name = here.type ?? here.id;
    if (!mark) return [`${name}: did not come here`];
    if (here.type) return [`${name}: ${mark.text}`];
    return here.steps
      .filter((step) => step.node === id)
      .map((step) => {
        const error = step.error ? `, ${step.error}` : "";
        const retries = step.retries ? `, ${retriesInWords(step.retries)}` : "";
        const part = step.part ? `${step.part}: ` : "";
        const time = this.#stay(here, step);
        return `${part}${time}${retries}${error}, ${bytes(step.in)} in, ${bytes(step.out)} out`;
      });
  }

  #stay(execution, { start, end }) {
    return end === null ? this.#notLeft(execution) : duration(end - start);
  }

  // Of a state that was entered and not left.
  #notLeft({ open }) {
    return open ? "still here" : "ended here";
  }

  #heading(title, ...facts) {
    return make("header", {}, make("h3", {}, title), ...facts.filter(Boolean).map((f) => make("span", { class: "hint" }, f)));
  }

  #gantt(timeline, execution, picture) {
    const whole = Math.max(execution.ms ?? 0, ...execution.steps.map((s) => s.end ?? s.start), 1e-9);
    const percent = (ms) => `${(100 * Math.min(Math.max(ms / whole, 0), 1)).toFixed(3)}%`;
    const notes = execution.steps.map(({ error, retries }) =>
      [error, retries ? retriesInWords(retries) : ""].filter(Boolean).join(", "),
    );
    const columns = [["State", ""], ["Time", "track"], ["took", "number"], ["input", "number"], ["output", "number"]];
    const hasNotes = notes.some(Boolean);
    if (hasNotes) columns.push(["errors, retries", "note"]);
    const rows = execution.steps.map((step, index) => {
      const end = step.end ?? whole;
      const style = `left:${percent(step.start)};width:${percent(end - step.start)}`;
      const tries = step.attempts.slice(0, -1).map(([from, to, error]) =>
        make("span", {
          class: "span try",
          style: `left:${percent(from)};width:${percent((to ?? from) - from)}`,
          title: `attempt that failed: ${error}`,
        }),
      );
      const go = () => step.node && this.onGo(picture, step.node);
      return make(
        "tr",
        {},
        make(
          "th",
          { scope: "row", style: `padding-left:${18 * step.depth}px`, title: step.part ? `${step.name}, ${step.part}` : step.name },
          make("button", { type: "button", class: "link", onclick: go }, step.name),
          step.part ? ` ${step.part}` : "",
        ),
        make(
          "td",
          { class: "track" },
          make("div", { class: "lane" }, make("span", { class: step.error ? "span failed" : "span", style }), ...tries),
        ),
        make("td", { class: "number" }, this.#stay(execution, step)),
        make("td", { class: "number" }, bytes(step.in)),
        make("td", { class: "number" }, bytes(step.out)),
        hasNotes
          ? make("td", { class: step.error ? "note bad-text" : "note", title: notes[index] }, notes[index])
          : null,
      );
    });
    timeline.replaceChildren(
      this.#heading(
        execution.id,
        this.#ending(execution),
        execution.open ? "" : duration(execution.ms),
        `started by ${execution.starter} at ${execution.started}`,
        `${bytes(execution.bytes)} input`,
        execution.faults ? `${execution.faults} injected ${execution.faults === 1 ? "fault" : "faults"}` : "",
        this.run.tests[execution.test]?.id ?? "",
      ),
      rows.length
        ? make(
            "table",
            {},
            make("thead", {}, make("tr", {}, ...columns.map(([text, style]) => make("th", { scope: "col", class: style }, text)))),
            make("tbody", {}, ...rows),
          )
        : make("p", { class: "hint" }, "The emulator keeps no history of this execution."),
    );
  }

  #journey(timeline, event) {
    timeline.replaceChildren(
      this.#heading(event.type, event.source, `at ${event.at}`, bytes(event.bytes), event.id),
      make(
        "ol",
        { class: "hops" },
        ...event.hops.map((hop) =>
          make("li", { class: hop.bad ? "bad-text" : null }, make("b", {}, hop.where), ` ${hop.what}`),
        ),
      ),
    );
  }
}
