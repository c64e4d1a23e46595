// Shows a sheet as a grid with the names of its rows and columns, scrolled to the cells that are quoted.

export default function ({ data, parentElement }) {
  const frame = parentElement.querySelector(".frame");
  const make = (name, text) => {
    const element = document.createElement(name);
    element.textContent = text;
    return element;
  };
  const head = document.createElement("tr");
  head.append(make("td", ""), ...data.columns.map((name) => Object.assign(make("th", name), { scope: "col" })));
  const body = data.rows.map((row) => {
    const line = document.createElement("tr");
    line.append(Object.assign(make("th", row.name), { scope: "row" }));
    for (const cell of row.cells) {
      const place = document.createElement("td");
      place.rowSpan = cell.down;
      place.colSpan = cell.across;
      place.append(cell.marked ? make("mark", cell.text) : cell.text);
      if (cell.marked) place.className = "cited";
      line.append(place);
    }
    return line;
  });
  const table = document.createElement("table");
  table.setAttribute("aria-label", data.said);
  table.append(head, ...body);
  frame.replaceChildren(table);
  const cited = frame.querySelector(".cited");
  if (cited) {
    frame.scrollTop = Math.max(0, cited.offsetTop - frame.clientHeight / 3);
    frame.scrollLeft = Math.max(0, cited.offsetLeft - frame.clientWidth / 3);
  }
}
