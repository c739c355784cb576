// The hands on a picture: keys, mouse, touch.

// The nearest node in a direction; those straight ahead are nearer than those aside.
function neighbour(picture, id, [dx, dy]) {
  const centre = (box) => [box.x + box.width / 2, box.y + box.height / 2];
  const [x, y] = centre(picture.places.nodes[id]);
  let best = null;
  for (const other of picture.shown) {
    if (other === id || !picture.places.nodes[other]) continue;
    const [ox, oy] = centre(picture.places.nodes[other]);
    const ahead = (ox - x) * dx + (oy - y) * dy;
    const aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
    const distance = ahead + 2.5 * aside;
    if (ahead > 4 && (!best || distance < best.distance)) best = { other, distance };
  }
  return best?.other ?? null;
}

function listenToKeys(picture) {
  const arrows = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  picture.svg.addEventListener("keydown", (event) => {
    const id = event.target.closest?.(".node")?.dataset.id;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const actions = {
      Enter: () => id && picture.onOpen(id, { byKey: true }),
      " ": () => id && picture.onOpen(id, { byKey: true }),
      Home: () => picture.goTo([...picture.shown][0]),
      f: () => id && picture.canFold(id) && picture.fold(id).then(() => picture.goTo(id)),
      n: () => id && picture.focusOn(id, 1).then(() => picture.goTo(id)),
      a: () => picture.part.focus && picture.focusOn(null),
      "+": () => picture.camera.zoom(1.25),
      "=": () => picture.camera.zoom(1.25),
      "-": () => picture.camera.zoom(0.8),
      0: () => picture.frame({ whole: true }),
    };
    const direction = arrows[event.key];
    if (direction && id) {
      const next = neighbour(picture, id, direction);
      if (next) picture.goTo(next);
    } else if (actions[event.key]) actions[event.key]();
    else return;
    event.preventDefault();
  });
  picture.svg.addEventListener("focusin", (event) => {
    const id = event.target.closest?.(".node")?.dataset.id;
    if (id) picture.rove(id);
  });
}

function listenToPointer(picture) {
  let wasMoved = false;
  let grip = null;
  picture.svg.addEventListener("pointerdown", (event) => {
    if (event.button === 0) grip = { x: event.clientX, y: event.clientY, moved: false };
  });
  picture.svg.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const [dx, dy] = [event.clientX - grip.x, event.clientY - grip.y];
    if (!grip.moved && Math.hypot(dx, dy) < 4) return;
    if (!grip.moved) picture.svg.setPointerCapture(event.pointerId);
    picture.svg.classList.add("moving");
    picture.camera.move(dx, dy);
    grip = { x: event.clientX, y: event.clientY, moved: true };
  });
  const release = () => {
    picture.svg.classList.remove("moving");
    // The click that ends a move is none.
    if (grip?.moved) setTimeout(() => (wasMoved = false));
    wasMoved = Boolean(grip?.moved);
    grip = null;
  };
  picture.svg.addEventListener("pointerup", release);
  picture.svg.addEventListener("pointercancel", release);
  picture.svg.addEventListener("click", (event) => {
    if (wasMoved) return;
    const id = event.target.closest(".node")?.dataset.id;
    if (!id) picture.onOpen(null, {});
    else if (event.target.closest(".fold")) picture.fold(id);
    else picture.onOpen(id, {});
  });
  picture.svg.addEventListener("dblclick", (event) => {
    const id = event.target.closest(".node")?.dataset.id;
    if (id && picture.canFold(id)) picture.fold(id);
  });
  picture.svg.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { left, top } = picture.svg.getBoundingClientRect();
      if (event.ctrlKey || event.metaKey) {
        picture.camera.zoom(Math.exp(-event.deltaY / 200), event.clientX - left, event.clientY - top);
      } else {
        const { deltaX, deltaY, shiftKey } = event;
        picture.camera.move(shiftKey ? -deltaY : -deltaX, shiftKey ? 0 : -deltaY);
      }
    },
    { passive: false },
  );
}
