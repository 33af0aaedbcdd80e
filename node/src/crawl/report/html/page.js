"use strict";
// Shows the list of nodes. All that nodes chose is put in as text, never as HTML.
(() => {
  const PAGE = 200;
  const NUMBER = 7, ERROR = 8;
  const rows = JSON.parse(document.getElementById("data").textContent);
  const texts = rows.map(row => row.join("\n").toLowerCase());
  const list = document.getElementById("list");
  const body = list.tBodies[0];
  const heads = [...list.tHead.rows[0].cells];
  const search = document.getElementById("search");
  const more = document.getElementById("more");
  const shown = document.getElementById("shown");
  let by = -1, down = false, limit = PAGE;

  const order = (one, two) => {
    const a = rows[one][by], b = rows[two][by];
    const way = by === NUMBER ? a - b : a < b ? -1 : a > b ? 1 : 0;
    return (down ? -way : way) || one - two;
  };

  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(word => word);
    const hits = [];
    for (let i = 0; i < rows.length; i++)
      if (words.every(word => texts[i].includes(word))) hits.push(i);
    if (by >= 0) hits.sort(order);
    const lines = document.createDocumentFragment();
    for (const i of hits.slice(0, limit)) {
      const line = lines.appendChild(document.createElement("tr"));
      for (let column = 0; column <= NUMBER; column++) {
        const cell = line.appendChild(document.createElement("td"));
        cell.textContent = rows[i][column];
        if (column === 3 && rows[i][ERROR]) {
          cell.className = "no";
          cell.title = rows[i][ERROR];
        }
      }
    }
    body.replaceChildren(lines);
    more.hidden = hits.length <= limit;
    const drawn = Math.min(hits.length, limit);
    shown.textContent = drawn < hits.length ? `${drawn} of ${hits.length} nodes` : `${hits.length} nodes`;
  };

  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
    down = by === column ? !down : column === NUMBER;
    by = column;
    heads.forEach((other, i) =>
      other.setAttribute("aria-sort", i !== by ? "none" : down ? "descending" : "ascending"));
    show();
  }));
  search.addEventListener("input", () => { limit = PAGE; show(); });
  more.addEventListener("click", () => { limit += 5 * PAGE; show(); });
  document.querySelector(".network").addEventListener("click", event => {
    const id = event.target.dataset.id;
    if (!id) return;
    search.value = id;
    limit = PAGE;
    show();
    list.scrollIntoView({ block: "center" });
  });
  show();
})();
