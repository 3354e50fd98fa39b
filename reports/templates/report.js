// Headings of sortable tables become buttons; quiet rows (baseline, totals) stay at the end.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const numeric = !heading.classList.contains("text");
      const down = heading.ariaSort ? heading.ariaSort === "ascending" : numeric;
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.sort ?? "";
      const order = (a, b) => {
        if (a.classList.contains("quiet") !== b.classList.contains("quiet")) return a.classList.contains("quiet") ? 1 : -1;
        const [x, y] = [value(a), value(b)];
        if (x === "" || y === "") return (x === "") - (y === "");
        return (numeric ? x - y : x.localeCompare(y)) * (down ? -1 : 1);
      };
      const body = table.tBodies[0];
      body.append(...[...body.rows].sort(order));
    });
  });
}
// On paper everything is unfolded, and afterwards as it was.
const closed = () => [...document.querySelectorAll("details:not([open])")];
let unfolded = [];
addEventListener("beforeprint", () => { unfolded = closed(); unfolded.forEach((one) => { one.open = true; }); });
addEventListener("afterprint", () => unfolded.forEach((one) => { one.open = false; }));
