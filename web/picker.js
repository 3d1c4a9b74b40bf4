/** The symbol picker: an input with a list below, by keyboard or pointer. */

const SHOWN = 60;

/** Makes it. `onChoose` gets `{index, symbol}`. */
export function makePicker(onChoose) {
  const input = document.getElementById("pick");
  const list = document.getElementById("pick-list");
  let all = [];
  let shown = [];
  let at = 0;
  let current = "";

  function open() {
    const text = input.value.trim().toUpperCase();
    const starts = all.filter((row) => row.symbol.toUpperCase().startsWith(text));
    const inside = all.filter((row) => row.symbol.toUpperCase().indexOf(text) > 0);
    shown = starts.concat(text === "" ? [] : inside).slice(0, SHOWN);
    at = 0;
    list.replaceChildren(...shown.map(item));
    const isOpen = shown.length > 0;
    list.hidden = !isOpen;
    input.setAttribute("aria-expanded", String(isOpen));
    mark();
  }

  function item(row, i) {
    const element = document.createElement("div");
    element.id = `pick-${i}`;
    element.setAttribute("role", "option");
    element.textContent = row.symbol;
    element.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      take(row);
    });
    return element;
  }

  function mark() {
    for (const [i, element] of [...list.children].entries()) {
      element.setAttribute("aria-selected", String(i === at));
      if (i === at) element.scrollIntoView({ block: "nearest" });
    }
    if (list.hidden) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `pick-${at}`);
  }

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    input.value = current;
  }

  function take(row) {
    current = row.symbol;
    close();
    input.blur();
    onChoose(row);
  }

  input.addEventListener("focus", () => {
    input.value = "";
    open();
  });
  input.addEventListener("input", open);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") at = Math.min(at + 1, shown.length - 1);
    else if (event.key === "ArrowUp") at = Math.max(at - 1, 0);
    else if (event.key === "Enter" && shown[at] !== undefined) take(shown[at]);
    else if (event.key === "Escape") input.blur();
    else return;
    event.preventDefault();
    mark();
  });

  return {
    fill(rows) {
      all = rows;
    },
    show(symbol) {
      current = symbol;
      if (document.activeElement !== input) input.value = symbol;
    },
  };
}
