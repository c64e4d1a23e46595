// Shows a page's picture in a frame of its own, scrolled to where the boxed words are.

export default function ({ data, parentElement }) {
  const frame = parentElement.querySelector(".frame");
  const picture = frame.querySelector("img");
  picture.alt = data.alt;
  picture.onload = () => {
    const shown = picture.clientHeight * data.at;
    frame.scrollTop = Math.max(0, shown - frame.clientHeight / 3);
  };
  if (picture.getAttribute("src") !== data.address) picture.src = data.address;
}
