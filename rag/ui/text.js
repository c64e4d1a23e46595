// Shows a stretch of a document's text in a frame of its own, scrolled to the words that are
// quoted. What was left out when the document was read is struck.

export default function ({ data, parentElement }) {
  const frame = parentElement.querySelector(".frame");
  frame.replaceChildren(
    ...data.segments.map(([text, mark]) => {
      const piece = document.createElement({ quote: "mark", left_out: "del" }[mark] ?? "span");
      piece.textContent = text;
      return piece;
    }),
  );
  const mark = frame.querySelector("mark");
  if (mark) frame.scrollTop = Math.max(0, mark.offsetTop - frame.offsetTop - frame.clientHeight / 3);
}
