// Shows a stretch of a document's text in a frame of its own, scrolled to the words that are marked.

export default function ({ data, parentElement }) {
  const frame = parentElement.querySelector(".frame");
  frame.replaceChildren(
    ...data.segments.map(([text, marked]) => {
      const piece = document.createElement(marked ? "mark" : "span");
      piece.textContent = text;
      return piece;
    }),
  );
  const mark = frame.querySelector("mark");
  if (mark) frame.scrollTop = Math.max(0, mark.offsetTop - frame.offsetTop - frame.clientHeight / 3);
}
